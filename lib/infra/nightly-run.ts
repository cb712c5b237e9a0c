import { Duration } from 'aws-cdk-lib';
import { FargatePlatformVersion } from 'aws-cdk-lib/aws-ecs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { LogLevel } from 'aws-cdk-lib/aws-stepfunctions';
import { EcsFargateLaunchTarget, EcsRunTask, LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { NIGHT_TIMEOUT_HOURS } from '../domain/limits.ts';
import { errorName } from '../domain/outcomes.ts';
import { acknowledgeWildcards, VAULT_OBJECTS } from './acknowledge.ts';
import type { BackupVault } from './backup-vault.ts';
import type { DumpTask } from './dump-task.ts';
import { houseLogGroup } from './house-log-group.ts';
import type { NightFunction } from './night-function.ts';
import type { NightSteps } from './night-steps.ts';
import type { TaskNetwork } from './task-network.ts';

/** Errors of ECS itself, before the task ran: throttling, no capacity. The task's own failures are the outcome step's to judge. */
const ECS_REFUSALS = ['AmazonECS.Unknown', 'ECS.AmazonECSException', 'ECS.ServerException', 'ECS.ThrottlingException'];

export interface NightlyRunProps {
  readonly steps: NightSteps;
  readonly task: DumpTask;
  readonly network: TaskNetwork;
  readonly vault: BackupVault;
  readonly maxConcurrency: number;
  /** The longest deadline of any source; the task ends itself then, and the state a little later. */
  readonly dumpDeadline: Duration;
}

/**
 * The night as a state machine:
 *
 *   Plan -> claimed? -> Map over the jobs -> Retain -> Report -> the execution's own status tells the truth
 *
 * and for each job: Dump -> Verify -> Manifest -> Promote -> Settle; whatever fails goes to Settle as well, which
 * writes the outcome or orders another try. A failure of one source never stops another, and payloads carry keys only.
 */
export class NightlyRun extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly #props: NightlyRunProps;

  constructor(scope: Construct, id: string, props: NightlyRunProps) {
    super(scope, id);
    this.#props = props;
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      definitionBody: sfn.DefinitionBody.fromChainable(this.night()),
      timeout: Duration.hours(NIGHT_TIMEOUT_HOURS),
      tracingEnabled: true,
      logs: { destination: houseLogGroup(this, 'Logs'), level: LogLevel.ALL, includeExecutionData: false },
    });
    this.grantJobList();
    acknowledgeWildcards(this.stateMachine, [
      VAULT_OBJECTS,
      { pattern: /^Resource::<Steps\w+\.Arn>:\*$/, reason: 'Versions of the functions that it invokes' },
      { pattern: /^Resource::arn:.*:s3:::<Vault\w+>\/\*$/, reason: 'The ItemReader of the Map: its key is known when it runs' },
      { pattern: /^Resource::arn:.*:states:.*:execution:.*:\*$/, reason: 'Executions and child executions of its own Map' },
      { pattern: /^Resource::\*$/, reason: 'StopTask, DescribeTasks, X-Ray and log delivery know no narrower resource' },
    ]);
  }

  /** The Map reads its items itself, and the vault is encrypted. */
  private grantJobList(): void {
    for (const statement of this.#props.vault.read('runs/')) this.stateMachine.addToRolePolicy(statement);
  }

  private night(): sfn.IChainable {
    const plan = this.step(
      'Plan',
      this.#props.steps.plan,
      { 'input.$': '$', 'execution.$': '$$.Execution.Id', 'startedAt.$': '$$.Execution.StartTime' },
      '$.plan',
    );
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
    const { retain, report } = this.#props.steps;
    const planKey = { 'planKey.$': '$.plan.planKey' };
    const jobs = this.jobs();
    const retained = this.step('Retain', retain, planKey, '$.retained');
    const reported = this.step('Report', report, planKey, '$.report');
    const troubled = this.step('ReportTrouble', report, { ...planKey, 'error.$': '$.error' }, '$.report');
    for (const state of [jobs, retained]) state.addCatch(troubled, { resultPath: '$.error' });

    const verdict = this.verdict();
    troubled.next(verdict);
    return jobs.next(retained).next(reported).next(verdict);
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

  /** A Distributed Map: a child execution for each source, so that thousands of them neither fill this history nor its payload. */
  private jobs(): sfn.DistributedMap {
    return new sfn.DistributedMap(this, 'Jobs', {
      label: 'Jobs',
      mapExecutionType: sfn.StateMachineType.STANDARD,
      maxConcurrency: this.#props.maxConcurrency,
      // children end well also when their source failed: the outcome record says so
      toleratedFailurePercentage: 100,
      itemReader: new sfn.S3JsonItemReader({ bucket: this.#props.vault.bucket, key: sfn.JsonPath.stringAt('$.plan.jobsKey') }),
      itemSelector: {
        id: sfn.JsonPath.stringAt('$$.Map.Item.Value.id'),
        planKey: sfn.JsonPath.stringAt('$.plan.planKey'),
        settled: { tries: 0 },
      },
      resultPath: sfn.JsonPath.DISCARD,
    }).itemProcessor(this.job()) as sfn.DistributedMap;
  }

  private job(): sfn.IChainable {
    const { verify, manifest, promote } = this.#props.steps;
    const id = { 'planKey.$': '$.planKey', 'id.$': '$.id' };
    const failed = this.settle('SettleFailure', { 'error.$': '$.error' });
    const unpromoted = this.settle('SettleUnpromoted', { 'manifestKey.$': '$.manifest.manifestKey', 'error.$': '$.error' });
    const settled = this.settle('Settle', { 'manifestKey.$': '$.manifest.manifestKey', 'promotion.$': '$.promotion' });

    const dump = this.dump();
    const verified = this.step('Verify', verify, id, '$.verification');
    const committed = this.step('Manifest', manifest, { ...id, 'verification.$': '$.verification' }, '$.manifest');
    const promoted = this.step('Promote', promote, { ...id, 'manifestKey.$': '$.manifest.manifestKey' }, '$.promotion');
    for (const state of [dump, verified, committed]) state.addCatch(failed, { resultPath: '$.error' });
    promoted.addCatch(unpromoted, { resultPath: '$.error' });

    const done = new sfn.Pass(this, 'SourceDone', { result: sfn.Result.fromObject({}) });
    unpromoted.next(done);
    failed.next(
      new sfn.Choice(this, 'AnotherTry?')
        .when(
          sfn.Condition.stringEquals('$.settled.decision', 'retry'),
          new sfn.Wait(this, 'BeforeNextTry', { time: sfn.WaitTime.secondsPath('$.settled.waitSeconds') }).next(dump),
        )
        .otherwise(done),
    );
    dump.next(verified).next(committed).next(promoted).next(settled).next(done);
    return sfn.Chain.start(dump);
  }

  private settle(name: string, more: Record<string, string>): LambdaInvoke {
    const payload = { 'planKey.$': '$.planKey', 'id.$': '$.id', 'tries.$': '$.settled.tries', ...more };
    return this.step(name, this.#props.steps.outcome, payload, '$.settled');
  }

  private dump(): EcsRunTask {
    const { task, network, dumpDeadline } = this.#props;
    const dump = new EcsRunTask(this, 'Dump', {
      integrationPattern: sfn.IntegrationPattern.RUN_JOB,
      cluster: task.cluster,
      taskDefinition: task.definition,
      launchTarget: new EcsFargateLaunchTarget({ platformVersion: FargatePlatformVersion.LATEST }),
      subnets: { subnets: [...network.subnets] },
      securityGroups: [...network.securityGroups],
      assignPublicIp: network.assignPublicIp,
      containerOverrides: [
        {
          containerDefinition: task.container,
          environment: [
            { name: 'PLAN_KEY', value: sfn.JsonPath.stringAt('$.planKey') },
            { name: 'SOURCE_ID', value: sfn.JsonPath.stringAt('$.id') },
          ],
        },
      ],
      // longer than the task's own deadline, so that the task ends itself and says why
      taskTimeout: sfn.Timeout.duration(dumpDeadline.plus(Duration.minutes(15))),
      // the description of the whole task would come back; nobody reads it
      resultPath: sfn.JsonPath.DISCARD,
    });
    dump.addRetry({
      errors: ECS_REFUSALS,
      interval: Duration.seconds(30),
      backoffRate: 2,
      maxAttempts: 3,
      jitterStrategy: sfn.JitterType.FULL,
    });
    return dump;
  }

  private step(name: string, step: NightFunction, payload: Record<string, string>, resultPath: string): LambdaInvoke {
    const invoke = new LambdaInvoke(this, name, {
      lambdaFunction: step.function,
      payload: sfn.TaskInput.fromObject(payload),
      payloadResponseOnly: true,
      resultPath,
    });
    // every step can be called again, and a hiccup of the store must not cost the slot
    invoke.addRetry({ errors: [errorName('storage')], interval: Duration.seconds(5), backoffRate: 2, maxAttempts: 4 });
    return invoke;
  }
}
