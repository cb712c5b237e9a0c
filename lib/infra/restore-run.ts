import { Duration } from 'aws-cdk-lib';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { RESTORES_PREFIX } from '../domain/backup/operation-keys.ts';
import type { Config } from '../domain/config/config.ts';
import { RESTORE_TIMEOUT_HOURS } from '../domain/limits.ts';
import { errorName } from '../domain/outcomes.ts';
import type { BackupVault } from './backup-vault.ts';
import { endedBadly } from './ended-badly.ts';
import { houseStateMachine } from './house-state-machine.ts';
import { invokeStep, planPayload } from './invoke-step.ts';
import { hookRights, hookState } from './restore-hook.ts';
import { restoreMap } from './restore-map.ts';
import { type ProbeTask, probeState } from './restore-probe.ts';
import type { RestoreSteps } from './restore-steps.ts';
import type { RestoreTasks } from './restore-tasks.ts';
import type { TaskNetwork } from './task-network.ts';

export interface RestoreRunProps {
  readonly targets: Config['restore']['targets'];
  readonly steps: RestoreSteps;
  readonly tasks: RestoreTasks;
  /** Asks addresses whether they are well. @default - no target has a probe */
  readonly probe?: ProbeTask | undefined;
  readonly network: TaskNetwork;
  readonly vault: BackupVault;
}

/**
 * A restore as a state machine:
 *
 *   PlanRestore -> stop services -> Map over the items -> hook -> start services -> probe -> EndRestore -> the execution's own status tells the truth
 *
 * Whatever fails once services may have been stopped leads to the state that starts them, and from there to the end. What no graph can catch,
 * a rule hands to the same functions.
 */
export class RestoreRun extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly #props: RestoreRunProps;

  constructor(scope: Construct, id: string, props: RestoreRunProps) {
    super(scope, id);
    this.#props = props;
    this.stateMachine = houseStateMachine(this, {
      definition: this.restore(),
      timeout: Duration.hours(RESTORE_TIMEOUT_HOURS),
      vault: props.vault,
      itemsUnder: RESTORES_PREFIX,
    });
    for (const { task } of this.after('task'))
      for (const statement of hookRights(this, task)) this.stateMachine.addToRolePolicy(statement);
    endedBadly(this, this.stateMachine, [props.steps.startServices, props.steps.end]);
  }

  private restore(): sfn.IChainable {
    const plan = invokeStep(this, 'PlanRestore', {
      step: this.#props.steps.plan,
      payload: planPayload(),
      resultPath: '$.plan',
    });
    // in place of the input, which may be a text or a list: into these no field can be put
    plan.addCatch(new sfn.Fail(this, 'Refused', { errorPath: '$.Error', causePath: '$.Cause' }));
    const begin = new sfn.Pass(this, 'Begin', {
      parameters: {
        'plan.$': '$.plan',
        settled: { restored: false },
        // filled in by what is caught on the way
        trouble: {},
      },
    });

    const started = this.startedServices(this.probed(this.end()));
    const items = this.items(started);
    return plan
      .next(begin)
      .next(
        new sfn.Choice(this, 'AnyServices?')
          .when(sfn.Condition.booleanEquals('$.plan.services', true), this.stoppedServices(items, started))
          .otherwise(items),
      );
  }

  /** Waits until no task is left: the application must not write while its database is exchanged. */
  private stoppedServices(then: sfn.IChainable, failed: sfn.State): sfn.IChainable {
    const stop = this.servicesStep('StopServices', 'stop');
    const look = this.servicesStep('LookAtServices', 'look', '$.look');
    const wait = new sfn.Wait(this, 'WaitForServices', { time: sfn.WaitTime.duration(Duration.seconds(10)) });
    for (const step of [stop, look]) step.addCatch(failed, { resultPath: '$.trouble.services' });
    const gone = new sfn.Choice(this, 'ServicesGone?')
      .when(sfn.Condition.booleanEquals('$.look.gone', true), then)
      .otherwise(wait);
    wait.next(look);
    look.next(gone);
    return stop.next(look);
  }

  private items(then: sfn.State): sfn.State {
    const { steps, tasks, network, vault } = this.#props;
    const map = restoreMap(this, { steps, tasks, network, bucket: vault.bucket });
    const judged = invokeStep(this, 'JudgeItems', {
      step: steps.settle,
      payload: { 'name.$': '$.plan.name' },
      resultPath: '$.settled',
    });
    for (const step of [map, judged]) step.addCatch(then, { resultPath: '$.trouble.step' });
    map
      .next(judged)
      .next(
        new sfn.Choice(this, 'AllRestored?')
          .when(sfn.Condition.booleanEquals('$.settled.restored', true), this.hooks(then))
          .otherwise(then),
      );
    return map;
  }

  /** The command of the target's application, as a migration: only over what was restored whole. */
  private hooks(then: sfn.State): sfn.State {
    const hooks = this.after('task');
    // a choice between nothing is no state that Step Functions takes
    if (hooks.length === 0) return then;
    const choice = new sfn.Choice(this, 'AnyHook?');
    for (const { target, task } of hooks) {
      const hook = hookState(this, `Hook ${target}`, task, this.#props.network);
      hook.addCatch(then, { resultPath: '$.trouble.hook' });
      hook.next(then);
      choice.when(sfn.Condition.stringEquals('$.plan.target', target), hook);
    }
    return choice.otherwise(then);
  }

  private startedServices(then: sfn.State): sfn.State {
    const start = this.servicesStep('StartServices', 'start');
    start.addRetry({ errors: [errorName('services')], interval: Duration.seconds(10), backoffRate: 2, maxAttempts: 5 });
    start.addCatch(then, { resultPath: '$.trouble.services' });
    start.next(then);
    return new sfn.Choice(this, 'ServicesToStart?')
      .when(sfn.Condition.booleanEquals('$.plan.services', true), start)
      .otherwise(then);
  }

  /** Asked only where all went well: what is known to be broken needs no probe. */
  private probed(then: sfn.State): sfn.State {
    const { probe, network } = this.#props;
    const probes = this.after('probe');
    if (!probe || probes.length === 0) return then;
    const choice = new sfn.Choice(this, 'AnyProbe?');
    for (const { target, probe: asked } of probes) {
      const run = probeState(this, `Probe ${target}`, { task: probe, asked, network });
      run.addCatch(then, { resultPath: '$.trouble.probe' });
      run.next(then);
      choice.when(sfn.Condition.and(sfn.Condition.stringEquals('$.plan.target', target), WELL), run);
    }
    return choice.otherwise(then);
  }

  /** Always reached. Its own failure is the execution's: the rule calls the function again. */
  private end(): sfn.State {
    const end = invokeStep(this, 'EndRestore', {
      step: this.#props.steps.end,
      payload: { 'name.$': '$.plan.name', 'trouble.$': '$.trouble' },
      resultPath: '$.end',
    });
    end.next(
      new sfn.Choice(this, 'Restored?')
        .when(
          sfn.Condition.stringEquals('$.end.status', 'failed'),
          new sfn.Fail(this, 'RestoreFailed', { error: 'Nightproof.RestoreFailed', causePath: '$.end.summary' }),
        )
        .otherwise(new sfn.Succeed(this, 'RestoreDone', { outputPath: '$.end' })),
    );
    return end;
  }

  private servicesStep(name: string, action: 'stop' | 'look' | 'start', resultPath?: string) {
    return invokeStep(this, name, {
      step: this.#props.steps.services,
      payload: { action, 'name.$': '$.plan.name' },
      ...(resultPath !== undefined && { resultPath }),
    });
  }

  /** The targets that have such a thing to be done after a restore. */
  private after<K extends 'task' | 'probe'>(what: K) {
    type After = Config['restore']['targets'][string]['after'];
    return Object.entries(this.#props.targets).flatMap(([target, { after }]) => {
      const value = after[what];
      return value === undefined
        ? []
        : [{ target, [what]: value } as { readonly target: string } & Record<K, NonNullable<After[K]>>];
    });
  }
}

const WELL = sfn.Condition.and(
  sfn.Condition.booleanEquals('$.settled.restored', true),
  ...(['step', 'services', 'hook'] as const).map((what) => sfn.Condition.not(sfn.Condition.isPresent(`$.trouble.${what}`))),
);
