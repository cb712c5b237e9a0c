import { Duration } from 'aws-cdk-lib';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { errorName } from '../domain/outcomes.ts';
import type { NightFunction } from './night-function.ts';

export interface InvokeStepProps {
  readonly step: NightFunction;
  /** Fields of the payload, as JSONPath where their name ends with `.$`. */
  readonly payload: Readonly<Record<string, string>>;
  /** Where the answer goes. @default - nowhere */
  readonly resultPath?: string;
}

/** Calls a function as a state of that name. */
export function invokeStep(scope: Construct, name: string, { step, payload, resultPath }: InvokeStepProps): LambdaInvoke {
  const invoke = new LambdaInvoke(scope, name, {
    lambdaFunction: step.function,
    payload: sfn.TaskInput.fromObject(payload),
    payloadResponseOnly: true,
    resultPath: resultPath ?? sfn.JsonPath.DISCARD,
  });
  // every step can be called again, and a hiccup of the store must not cost the slot
  invoke.addRetry({ errors: [errorName('storage')], interval: Duration.seconds(5), backoffRate: 2, maxAttempts: 4 });
  return invoke;
}

/** What a planning step is told: the input, and which execution asks. */
export const planPayload = (): Record<string, string> => ({
  'input.$': '$',
  'execution.$': '$$.Execution.Id',
  'name.$': '$$.Execution.Name',
  'startedAt.$': '$$.Execution.StartTime',
});
