import { Duration } from 'aws-cdk-lib';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import type { EcsRunTask } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { HealthProbe } from '../domain/restore/restore-target.ts';
import { PLAIN_TASK } from '../domain/run/plan.ts';
import { parseDuration } from '../domain/time/duration.ts';
import { houseLogGroup } from './house-log-group.ts';
import { type HouseTask, houseTask, type TaskSet } from './house-task.ts';
import type { TaskNetwork } from './task-network.ts';
import { runState } from './task-states.ts';

/** The smallest that Fargate has: it waits for answers. */
const CPU_UNITS = 256;
const MEMORY_MIB = 512;

/** To be started, and to say what it saw. */
const AROUND = Duration.minutes(10);

export interface ProbeTaskProps {
  readonly cluster: ICluster;
  readonly imageFolder: string;
}

/** Asks an address of an application whether it is well, from inside of its network. It may do nothing on AWS. */
export class ProbeTask extends Construct implements TaskSet {
  readonly cluster: ICluster;
  readonly tasks: readonly HouseTask[];

  constructor(scope: Construct, id: string, { cluster, imageFolder }: ProbeTaskProps) {
    super(scope, id);
    this.cluster = cluster;
    this.tasks = [
      houseTask(this, {
        name: PLAIN_TASK,
        container: 'probe',
        imageFolder,
        target: 'task',
        command: ['node', 'probe.mjs'],
        environment: {},
        cpuUnits: CPU_UNITS,
        memoryMiB: MEMORY_MIB,
        logGroup: houseLogGroup(this, 'Logs'),
        may: [],
      }),
    ];
  }
}

export interface ProbeStateProps {
  readonly task: ProbeTask;
  readonly asked: HealthProbe;
  readonly network: TaskNetwork;
}

export function probeState(scope: Construct, name: string, { task: tasks, asked, network }: ProbeStateProps): EcsRunTask {
  const [task] = tasks.tasks;
  if (!task) throw new Error('the probe has no task');
  const within = parseDuration(asked.within) ?? 0;
  return runState(scope, name, task, {
    tasks,
    network,
    command: ['node', 'probe.mjs'],
    variables: {
      PROBE_URL: asked.url,
      PROBE_STATUS: String(asked.status),
      PROBE_SECONDS: String(within),
      ...(asked.contains !== undefined && { PROBE_CONTAINS: asked.contains }),
    },
    timeout: Duration.seconds(within).plus(AROUND),
  });
}
