import { Duration } from 'aws-cdk-lib';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { NIGHT_TIMEOUT_HOURS } from '../domain/limits.ts';
import type { BackupTasks } from './backup-tasks.ts';
import type { BackupVault } from './backup-vault.ts';
import { groupMap } from './group-map.ts';
import { houseStateMachine } from './house-state-machine.ts';
import { invokeStep } from './invoke-step.ts';
import { jobMap } from './job-map.ts';
import type { NightSteps } from './night-steps.ts';
import type { TaskNetwork } from './task-network.ts';
import { taskStates } from './task-states.ts';

/** A listing of databases or folders takes seconds; starting the task takes most of it. */
const DISCOVERY_TIMEOUT = Duration.minutes(30);

export interface NightlyRunProps {
  readonly steps: NightSteps;
  readonly tasks: BackupTasks;
  readonly network: TaskNetwork;
  readonly vault: BackupVault;
  readonly maxConcurrency: number;
  /** The longest deadline of any source; the task ends itself then, and the state a little later. */
  readonly dumpDeadline: Duration;
  /** Whether the configuration has sources that are only known at run time. */
  readonly hasGroups: boolean;
}

/**
 * The night as a state machine:
 *
 *   Plan -> claimed? -> Groups -> Expand -> Map over the jobs -> Retain -> Sweep -> Report -> the execution's own status tells the truth
 *
 * A failure of one source never stops another, and payloads carry keys only. One definition serves every plan.
 */
export class NightlyRun extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly #props: NightlyRunProps;

  constructor(scope: Construct, id: string, props: NightlyRunProps) {
    super(scope, id);
    this.#props = props;
    this.stateMachine = houseStateMachine(this, {
      definition: this.night(),
      timeout: Duration.hours(NIGHT_TIMEOUT_HOURS),
      vault: props.vault,
      itemsUnder: 'runs/',
    });
  }

  private night(): sfn.IChainable {
    const plan = invokeStep(this, 'Plan', {
      step: this.#props.steps.plan,
      payload: { 'input.$': '$', 'execution.$': '$$.Execution.Id', 'startedAt.$': '$$.Execution.StartTime' },
      resultPath: '$.plan',
    });
    const refused = new sfn.Fail(this, 'Refused', { errorPath: '$.Error', causePath: '$.Cause' });
    // in place of the input, which may be a text or a list: into these no field can be put
    plan.addCatch(refused);

    return plan.next(
      new sfn.Choice(this, 'Claimed?').when(sfn.Condition.booleanEquals('$.plan.claimed', true), this.afterClaim()).otherwise(
        new sfn.Succeed(this, 'NothingToDo', {
          comment: 'Another execution owns the slot, or it is complete',
          outputPath: '$.plan',
        }),
      ),
    );
  }

  /** The report is always reached, also when something failed. */
  private afterClaim(): sfn.IChainable {
    const { steps } = this.#props;
    const planKey = { 'planKey.$': '$.plan.planKey' };
    const jobs = this.jobs();
    const retained = invokeStep(this, 'Retain', { step: steps.retain, payload: planKey });
    const swept = invokeStep(this, 'Sweep', { step: steps.sweep, payload: planKey });
    const reported = invokeStep(this, 'Report', { step: steps.report, payload: planKey, resultPath: '$.report' });
    const troubled = invokeStep(this, 'ReportTrouble', {
      step: steps.report,
      payload: { ...planKey, 'error.$': '$.error' },
      resultPath: '$.report',
    });
    const found = this.#props.hasGroups ? this.groups(jobs, planKey) : undefined;
    for (const state of [...(found?.states ?? []), jobs, retained, swept]) state.addCatch(troubled, { resultPath: '$.error' });

    const verdict = this.verdict();
    troubled.next(verdict);
    jobs.next(retained).next(swept).next(reported).next(verdict);
    return found?.start ?? jobs;
  }

  /** Sources that are only known at run time are looked for first, in the runs that have such. */
  private groups(jobs: sfn.DistributedMap, planKey: Record<string, string>) {
    const { steps, tasks, network } = this.#props;
    const discover = taskStates(this, {
      verb: 'Discover',
      tasks,
      network,
      command: ['node', 'discover.mjs'],
      timeout: DISCOVERY_TIMEOUT,
    });
    const groups = groupMap(this, { steps, discover });
    const expanded = invokeStep(this, 'Expand', { step: steps.expand, payload: planKey });
    groups.next(expanded).next(jobs);
    const start = new sfn.Choice(this, 'AnyGroups?').when(sfn.Condition.isPresent('$.plan.groups[0]'), groups).otherwise(jobs);
    return { start, states: [groups, expanded] };
  }

  private jobs(): sfn.DistributedMap {
    const { steps, tasks, network, vault, maxConcurrency, dumpDeadline } = this.#props;
    const dump = taskStates(this, {
      verb: 'Dump',
      tasks,
      network,
      command: ['node', 'dump.mjs'],
      // longer than the task's own deadline, so that the task ends itself and says why
      timeout: dumpDeadline.plus(Duration.minutes(15)),
    });
    return jobMap(this, { steps, dump, bucket: vault.bucket, maxConcurrency });
  }

  /** The execution's own status tells the truth. */
  private verdict(): sfn.IChainable {
    return new sfn.Choice(this, 'AllVerified?')
      .when(
        sfn.Condition.stringEquals('$.report.status', 'failed'),
        new sfn.Fail(this, 'NightFailed', { error: 'Nightproof.NightFailed', causePath: '$.report.summary' }),
      )
      .otherwise(new sfn.Succeed(this, 'NightDone', { outputPath: '$.report' }));
  }
}
