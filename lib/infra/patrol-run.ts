import { Duration } from 'aws-cdk-lib';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PATROLS_PREFIX } from '../domain/backup/operation-keys.ts';
import { TIERS } from '../domain/backup/tiers.ts';
import type { Config } from '../domain/config/config.ts';
import { PLAIN_TASK } from '../domain/run/plan.ts';
import type { BackupVault } from './backup-vault.ts';
import { houseLogGroup } from './house-log-group.ts';
import { houseStateMachine } from './house-state-machine.ts';
import { houseTask, type TaskSet } from './house-task.ts';
import { invokeStep, planPayload } from './invoke-step.ts';
import { NightFunction } from './night-function.ts';
import { type ReportPlace, reportRights, reportVariables } from './report-rights.ts';
import type { TaskNetwork } from './task-network.ts';
import { taskStates } from './task-states.ts';

/** As the dump task: it decodes what that one wrote. */
const CPU_UNITS = 1024;
const MEMORY_MIB = 2048;

/** Of the task: 5 % of 40 TB at 70 MB/s take eight hours; what a patrol does not reach it names. */
const READ_TIMEOUT = Duration.hours(23);
const PATROL_TIMEOUT = Duration.hours(24);

export interface PatrolRunProps extends ReportPlace {
  readonly config: Config;
  readonly vault: BackupVault;
  readonly cluster: ICluster;
  readonly network: TaskNetwork;
  readonly imageFolder: string;
}

/** A patrol as a state machine: PlanPatrol -> a task that reads a share of all backups again -> EndPatrol -> the execution's own status tells the truth. */
export class PatrolRun extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly #props: PatrolRunProps;

  constructor(scope: Construct, id: string, props: PatrolRunProps) {
    super(scope, id);
    this.#props = props;
    this.stateMachine = houseStateMachine(this, { definition: this.patrol(), timeout: PATROL_TIMEOUT, vault: props.vault });
  }

  private patrol(): sfn.IChainable {
    const { steps, network } = { steps: this.steps(), network: this.#props.network };
    const plan = invokeStep(this, 'PlanPatrol', {
      step: steps.plan,
      payload: planPayload(),
      resultPath: '$.plan',
    });
    // in place of the input, which may be a text or a list: into these no field can be put
    plan.addCatch(new sfn.Fail(this, 'Refused', { errorPath: '$.Error', causePath: '$.Cause' }));
    const { runs } = taskStates(this, {
      verb: 'Patrol',
      tasks: this.tasks(),
      network,
      command: ['node', 'patrol.mjs'],
      variables: { PATROL_KEY: sfn.JsonPath.stringAt('$.plan.patrolKey') },
      timeout: READ_TIMEOUT,
    });
    const patrolKey = { 'patrolKey.$': '$.plan.patrolKey' };
    const end = (name: string, more: Record<string, string>) =>
      invokeStep(this, name, { step: steps.end, payload: { ...patrolKey, ...more }, resultPath: '$.end' });
    const ended = end('EndPatrol', {});
    const troubled = end('EndTroubledPatrol', { 'error.$': '$.error' });
    const verdict = this.verdict();
    for (const run of runs) {
      run.addCatch(troubled, { resultPath: '$.error' });
      plan.next(run).next(ended).next(verdict);
    }
    troubled.next(verdict);
    return plan;
  }

  private verdict(): sfn.IChainable {
    return new sfn.Choice(this, 'AllIntact?')
      .when(sfn.Condition.stringEquals('$.end.status', 'intact'), new sfn.Succeed(this, 'PatrolDone', { outputPath: '$.end' }))
      .otherwise(
        new sfn.Fail(this, 'PatrolFailed', {
          error: 'Nightproof.PatrolFailed',
          causePath: "States.Format('the patrol ended: {}', $.end.status)",
        }),
      );
  }

  private steps() {
    const { config, vault, ...props } = this.#props;
    const environment = { VAULT_BUCKET: vault.bucket.bucketName };
    const steps = new Construct(this, 'Steps');
    return {
      plan: new NightFunction(steps, 'PlanPatrol', {
        description: 'Decides which stored backups are read again',
        environment,
        may: [...vault.read(...TIERS.map((tier) => `${tier}/`), PATROLS_PREFIX), ...vault.deposit(PATROLS_PREFIX)],
        files: { 'config.json': JSON.stringify(config, null, 2) },
        memoryMiB: 1024,
      }),
      end: new NightFunction(steps, 'EndPatrol', {
        description: 'Writes the record of a patrol, tells of what is damaged, publishes the figures',
        environment: { ...environment, ...reportVariables(props) },
        may: [...vault.read(PATROLS_PREFIX), ...vault.deposit(PATROLS_PREFIX), ...reportRights(props)],
      }),
    };
  }

  /** It reads every backup, and writes nothing but what it found, and beside a backup that it is damaged. */
  private tasks(): TaskSet {
    const { vault, cluster, imageFolder } = this.#props;
    const task = houseTask(new Construct(this, 'Tasks'), {
      name: PLAIN_TASK,
      container: 'patrol',
      imageFolder,
      target: 'task',
      command: ['node', 'patrol.mjs'],
      environment: { VAULT_BUCKET: vault.bucket.bucketName },
      cpuUnits: CPU_UNITS,
      memoryMiB: MEMORY_MIB,
      logGroup: houseLogGroup(this, 'TaskLogs'),
      may: [
        ...vault.read(...TIERS.map((tier) => `${tier}/`), PATROLS_PREFIX),
        ...vault.deposit(PATROLS_PREFIX),
        ...vault.depositDamage(),
      ],
    });
    return { cluster, tasks: [task] };
  }
}
