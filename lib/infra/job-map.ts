import type { IBucket } from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { anotherTry, itemSelector, JOB } from './another-try.ts';
import { invokeStep } from './invoke-step.ts';
import type { NightSteps } from './night-steps.ts';
import type { TaskStates } from './task-states.ts';

export interface JobMapProps {
  readonly steps: NightSteps;
  readonly dump: TaskStates;
  /** Where the job list lies. */
  readonly bucket: IBucket;
  readonly maxConcurrency: number;
}

/**
 * For each job: Dump -> Verify -> Manifest -> Promote -> Settle; whatever fails goes to Settle as well. A Distributed Map: a
 * child execution for each source, so that thousands of them neither fill the night's history nor its payload.
 */
export function jobMap(scope: Construct, props: JobMapProps): sfn.DistributedMap {
  const map = new sfn.DistributedMap(scope, 'Jobs', {
    label: 'Jobs',
    mapExecutionType: sfn.StateMachineType.STANDARD,
    maxConcurrency: props.maxConcurrency,
    // children end well also when their source failed: the outcome record says so
    toleratedFailurePercentage: 100,
    itemReader: new sfn.S3JsonItemReader({ bucket: props.bucket, key: sfn.JsonPath.stringAt('$.plan.jobsKey') }),
    itemSelector: itemSelector(),
    resultPath: sfn.JsonPath.DISCARD,
  });
  map.itemProcessor(job(scope, props));
  return map;
}

function job(scope: Construct, { steps, dump }: JobMapProps): sfn.IChainable {
  const written = { 'manifestKey.$': '$.manifest.manifestKey' };
  const step = (name: string, of: keyof NightSteps & ('verify' | 'manifest' | 'promote'), more: object, resultPath: string) =>
    invokeStep(scope, name, { step: steps[of], payload: { ...JOB, ...more }, resultPath });
  const settle = (name: string, more: object) =>
    invokeStep(scope, name, {
      step: steps.outcome,
      payload: { ...JOB, 'tries.$': '$.settled.tries', ...written, ...more },
      resultPath: '$.settled',
    });
  const done = new sfn.Pass(scope, 'SourceDone', { result: sfn.Result.fromObject({}) });
  const failed = anotherTry(scope, { outcome: steps.outcome, again: dump.start, done });

  const verified = step('Verify', 'verify', {}, '$.verification');
  const committed = step('Manifest', 'manifest', { 'verification.$': '$.verification' }, '$.manifest');
  const promoted = step('Promote', 'promote', written, '$.promotion');
  for (const state of [...dump.runs, verified, committed]) state.addCatch(failed, { resultPath: '$.error' });
  promoted.addCatch(settle('SettleUnpromoted', { 'error.$': '$.error' }).next(done), { resultPath: '$.error' });

  for (const run of dump.runs) run.next(verified);
  verified
    .next(committed)
    .next(promoted)
    .next(settle('Settle', { 'promotion.$': '$.promotion' }))
    .next(done);
  return dump.start;
}
