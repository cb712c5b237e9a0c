import { ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import type { Json, JsonObject } from './json.ts';
import { StatesError } from './states-error.ts';

/** Fills in a payload template by the engine itself, so that paths and intrinsic functions mean the same everywhere. */
export async function evaluate(template: Json, input: Json, context: JsonObject): Promise<Json> {
  const machine = new StateMachine(
    { StartAt: 'Template', States: { Template: { Type: 'Pass', Parameters: template, End: true } } },
    { validationOptions: { noValidate: true } },
  );
  try {
    return await machine.run(input, { context }).result;
  } catch (error) {
    const cause = error instanceof ExecutionError ? error.cause : error;
    throw cause instanceof Error ? new StatesError(cause.name, cause.message) : cause;
  }
}
