import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { invokeStep } from './invoke-step.ts';
import type { NightFunction } from './night-function.ts';

export interface AnotherTryProps {
  readonly outcome: NightFunction;
  /** Where another try begins. */
  readonly again: sfn.State;
  /** What follows when there is none. */
  readonly done: sfn.State;
  /** Ending of the states' names, which are unique over a whole definition. @default "" */
  readonly of?: string;
}

/** Has the outcome step judge `$.error` of job `$.id`: it writes down the failure, or orders another try after a pause. */
export function anotherTry(scope: Construct, { outcome, again, done, of = '' }: AnotherTryProps): sfn.State & sfn.INextable {
  const settle = invokeStep(scope, `SettleFailure${of}`, {
    step: outcome,
    payload: { ...JOB, 'tries.$': '$.settled.tries', 'error.$': '$.error' },
    resultPath: '$.settled',
  });
  const pause = new sfn.Wait(scope, `BeforeNextTry${of}`, { time: sfn.WaitTime.secondsPath('$.settled.waitSeconds') });
  settle.next(
    new sfn.Choice(scope, `AnotherTry${of}?`)
      .when(sfn.Condition.stringEquals('$.settled.decision', 'retry'), pause.next(again))
      .otherwise(done),
  );
  return settle;
}

/** How a job is named to the functions. */
export const JOB = { 'planKey.$': '$.planKey', 'id.$': '$.id' } as const;

/** What each item of a Map carries: which source of which plan, in which task, and how often it was tried. */
export const itemSelector = () => ({
  id: sfn.JsonPath.stringAt('$$.Map.Item.Value.id'),
  task: sfn.JsonPath.stringAt('$$.Map.Item.Value.task'),
  planKey: sfn.JsonPath.stringAt('$.plan.planKey'),
  settled: { tries: 0 },
});
