import { Duration } from 'aws-cdk-lib';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { DRILL_TIMEOUT_HOURS } from '../domain/limits.ts';
import type { BackupVault } from './backup-vault.ts';
import type { DrillSteps } from './drill-steps.ts';
import type { DrillTask } from './drill-task.ts';
import { endedBadly } from './ended-badly.ts';
import { houseStateMachine } from './house-state-machine.ts';
import { invokeStep, planPayload } from './invoke-step.ts';
import { type TaskPlace, taskStates } from './task-states.ts';

/** Servers that load at a time: the vault and the account's share of Fargate serve the nights as well. */
const AT_A_TIME = 5;

/** Of all of a run, so that the next one a week later finds it over. */
const RUN_TIMEOUT = Duration.hours(48);

export interface DrillRunProps {
  readonly steps: DrillSteps;
  readonly task: DrillTask;
  readonly network: TaskPlace;
  readonly vault: BackupVault;
}

/**
 * A drill as a state machine:
 *
 *   PlanDrill -> Map over the backups (SignDrill -> a task without any right) -> EndDrill -> the execution's own status tells the truth
 *
 * Whether a backup passed is said by its evidence alone; a task that fails without any leaves a failed drill.
 */
export class DrillRun extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly #props: DrillRunProps;

  constructor(scope: Construct, id: string, props: DrillRunProps) {
    super(scope, id);
    this.#props = props;
    this.stateMachine = houseStateMachine(this, { definition: this.drill(), timeout: RUN_TIMEOUT, vault: props.vault });
    endedBadly(this, this.stateMachine, [props.steps.end]);
  }

  private drill(): sfn.IChainable {
    const { steps } = this.#props;
    const plan = invokeStep(this, 'PlanDrill', { step: steps.plan, payload: planPayload(), resultPath: '$.plan' });
    // in place of the input, which may be a text or a list: into these no field can be put
    plan.addCatch(new sfn.Fail(this, 'Refused', { errorPath: '$.Error', causePath: '$.Cause' }));
    const end = (name: string, more: Record<string, string>) =>
      invokeStep(this, name, { step: steps.end, payload: { 'name.$': '$.plan.name', ...more }, resultPath: '$.end' });
    const ended = end('EndDrill', {});
    const troubled = end('EndTroubledDrill', { 'error.$': '$.error' });
    const drills = this.drills();
    drills.addCatch(troubled, { resultPath: '$.error' });
    const verdict = new sfn.Choice(this, 'AllPassed?')
      .when(sfn.Condition.stringEquals('$.end.status', 'passed'), new sfn.Succeed(this, 'DrillDone', { outputPath: '$.end' }))
      .otherwise(new sfn.Fail(this, 'DrillFailed', { error: 'Nightproof.DrillFailed', causePath: '$.end.summary' }));
    troubled.next(verdict);
    return plan.next(drills).next(ended).next(verdict);
  }

  private drills(): sfn.Map {
    const { steps, task, network } = this.#props;
    const done = new sfn.Pass(this, 'BackupDone', { result: sfn.Result.fromObject({}) });
    const sign = invokeStep(this, 'SignDrill', {
      step: steps.sign,
      payload: { 'name.$': '$.name', 'n.$': '$.n' },
      resultPath: '$.order',
    });
    const { start, runs } = taskStates(this, {
      verb: 'Drill',
      tasks: task,
      network,
      command: ['node', 'drill.mjs'],
      variables: {
        ARCHIVE_URL: sfn.JsonPath.stringAt('$.order.archiveUrl'),
        MANIFEST_URL: sfn.JsonPath.stringAt('$.order.manifestUrl'),
        EVIDENCE_URL: sfn.JsonPath.stringAt('$.order.evidenceUrl'),
        PROBES: sfn.JsonPath.stringAt('$.order.probes'),
      },
      timeout: Duration.hours(DRILL_TIMEOUT_HOURS),
    });
    for (const state of [sign, ...runs]) state.addCatch(done);
    for (const run of runs) run.next(done);
    sign.next(start);
    const map = new sfn.Map(this, 'Backups', {
      itemsPath: '$.plan.items',
      itemSelector: { n: sfn.JsonPath.numberAt('$$.Map.Item.Value.n'), name: sfn.JsonPath.stringAt('$.plan.name') },
      maxConcurrency: AT_A_TIME,
      resultPath: sfn.JsonPath.DISCARD,
    });
    map.itemProcessor(sign);
    return map;
  }
}
