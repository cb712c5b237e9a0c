import { Duration } from 'aws-cdk-lib';
import { FargatePlatformVersion } from 'aws-cdk-lib/aws-ecs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { EcsFargateLaunchTarget, EcsRunTask } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { PLAIN_TASK } from '../domain/run/plan.ts';
import type { HouseTask, TaskSet } from './house-task.ts';
import { pascalCase } from './pascal-case.ts';
import type { TaskNetwork } from './task-network.ts';

/** Where a task runs, and what it may reach from there. */
export type TaskPlace = Pick<TaskNetwork, 'subnets' | 'securityGroups' | 'assignPublicIp'>;

/** Errors of ECS itself, before the task ran: throttling, no capacity. The task's own failures are the outcome step's to judge. */
const ECS_REFUSALS = ['AmazonECS.Unknown', 'ECS.AmazonECSException', 'ECS.ServerException', 'ECS.ThrottlingException'];

export interface TaskStatesProps {
  /** `Dump`: the state is called so, and `DumpMedia` where it needs the volume `media`. */
  readonly verb: string;
  readonly tasks: TaskSet;
  readonly network: TaskPlace;
  /** The program of the image. */
  readonly command: readonly string[];
  /** Variables of this run: texts, or paths into the state's input. @default PLAN_KEY and SOURCE_ID */
  readonly variables?: Readonly<Record<string, string>>;
  readonly timeout: Duration;
}

/** How a backup task is told what to do. */
const jobVariables = (): Record<string, string> => ({
  PLAN_KEY: sfn.JsonPath.stringAt('$.planKey'),
  SOURCE_ID: sfn.JsonPath.stringAt('$.id'),
});

/** Runs a program of the image in the task that `$.task` names. */
export interface TaskStates {
  readonly start: sfn.State & sfn.IChainable;
  /** One for each task definition; all lead on alike. */
  readonly runs: readonly EcsRunTask[];
}

/** A state for each task definition, and before them, where there are several, the choice between them. */
export function taskStates(scope: Construct, props: TaskStatesProps): TaskStates {
  const byTask = props.tasks.tasks.map((task) => {
    const name = task.name === PLAIN_TASK ? props.verb : `${props.verb}${pascalCase(task.name)}`;
    return { task, run: runState(scope, name, task, props) };
  });
  const runs = byTask.map(({ run }) => run);
  const [only] = runs;
  if (only && runs.length === 1) return { start: only, runs };

  const which = new sfn.Choice(scope, `${props.verb}Where?`);
  for (const { task, run } of byTask) which.when(sfn.Condition.stringEquals('$.task', task.name), run);
  return { start: which, runs };
}

/** Runs a program in a task and waits until it has ended. */
export function runState(scope: Construct, name: string, task: HouseTask, props: Omit<TaskStatesProps, 'verb'>): EcsRunTask {
  const { tasks, network, command, timeout, variables = jobVariables() } = props;
  const run = new EcsRunTask(scope, name, {
    integrationPattern: sfn.IntegrationPattern.RUN_JOB,
    cluster: tasks.cluster,
    taskDefinition: task.definition,
    launchTarget: new EcsFargateLaunchTarget({ platformVersion: FargatePlatformVersion.LATEST }),
    subnets: { subnets: [...network.subnets] },
    securityGroups: [...network.securityGroups],
    assignPublicIp: network.assignPublicIp,
    containerOverrides: [
      {
        containerDefinition: task.container,
        command: [...command],
        environment: Object.entries(variables).map(([name, value]) => ({ name, value })),
      },
    ],
    taskTimeout: sfn.Timeout.duration(timeout),
    // the description of the whole task would come back; nobody reads it
    resultPath: sfn.JsonPath.DISCARD,
  });
  run.addRetry({
    errors: ECS_REFUSALS,
    interval: Duration.seconds(30),
    backoffRate: 2,
    maxAttempts: 3,
    jitterStrategy: sfn.JitterType.FULL,
  });
  return run;
}
