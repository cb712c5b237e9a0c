import { isObject, type Json, type JsonObject, mapTexts, objectIn, textOf } from './json.ts';
import { StatesError } from './states-error.ts';
import { isDistributed, type Machine } from './supported-states.ts';

/** What the states do that the engine has no means for. */
export interface Actions {
  readonly task: (state: string, definition: JsonObject, parameters: Json) => Promise<Json>;
  readonly wait: (until: JsonObject) => Promise<void>;
  readonly children: (state: string, definition: JsonObject, input: Json) => Promise<Json>;
}

/** A state machine in the engine's terms. */
export interface Translation {
  readonly definition: {
    readonly StartAt: string;
    readonly States: Record<string, JsonObject>;
    readonly TimeoutSeconds?: number;
  };
  /** By state name: names are unique over a whole definition, so the engine needs no nesting. */
  readonly handlers: Record<string, (input: Json) => Promise<Json>>;
}

/** Where a Task says nothing, Step Functions waits for years, the engine for a minute. Its timer can count to 24 days. */
export const LONGEST_SECONDS = 2_000_000;

/**
 * Translates what `aws-local-stepfunctions` lacks or does otherwise; docs/local-cloud.md lists it, line by line:
 *
 * - Task: a time limit where there is none; the work itself, by resource
 * - Wait: a Task that waits, so that waits can be shortened and end with the execution
 * - Fail: a Task that fails, so that ErrorPath and CausePath may be intrinsic functions
 * - Map, DISTRIBUTED: a Task that runs an execution for each item (ItemReader, tolerated failures, a context of its own)
 * - `$$.Execution`: under another name, because the engine overwrites StartTime and Input in it
 * - ResultPath `$`: left out, because the engine takes it for a field of that name
 * - Retry: intervals multiplied by `waitScale`
 */
export function translate(machine: Machine, actions: Actions, waitScale: number): Translation {
  const handlers: Translation['handlers'] = {};
  const states = (of: Machine): Record<string, JsonObject> =>
    Object.fromEntries(Object.entries(of.States).map(([name, state]) => [name, tidy(translated(name, state), waitScale)]));

  const translated = (name: string, state: JsonObject): JsonObject => {
    const asTask = (fields: JsonObject, handler: (input: Json) => Promise<Json>): JsonObject => {
      handlers[name] = handler;
      return { Type: 'Task', Resource: `local:${name}`, TimeoutSeconds: LONGEST_SECONDS, ...fields };
    };
    switch (isDistributed(state) ? 'DistributedMap' : textOf(state.Type)) {
      case 'Task': {
        const TimeoutSeconds = Math.min(Number(state.TimeoutSeconds ?? LONGEST_SECONDS), LONGEST_SECONDS);
        return asTask({ ...state, TimeoutSeconds }, (parameters) => actions.task(name, state, parameters));
      }
      case 'DistributedMap':
        return asTask(pick(state, MAP_FIELDS), (input) => actions.children(name, renamed(state), input));
      case 'Wait':
        return asTask({ ...pick(state, WAIT_FIELDS), Parameters: waitParameters(state), ResultPath: null }, async (until) => {
          await actions.wait(objectIn(until));
          return null;
        });
      case 'Fail':
        return asTask({ End: true, Parameters: failParameters(state) }, async (failure) => {
          throw failed(objectIn(failure));
        });
      case 'Map':
        return { ...state, ItemProcessor: inner(state.ItemProcessor) };
      case 'Parallel':
        return { ...state, Branches: ((state.Branches ?? []) as Json[]).map(inner) };
      default:
        return state;
    }
  };
  const inner = (of: Json | undefined): JsonObject => {
    const { StartAt, States } = of as unknown as Machine;
    return { StartAt, States: states({ StartAt, States }) };
  };
  return { definition: { ...machine, States: states(machine) }, handlers };
}

const MAP_FIELDS = ['InputPath', 'ResultSelector', 'ResultPath', 'OutputPath', 'Retry', 'Catch', 'Next', 'End'];
const WAIT_FIELDS = ['OutputPath', 'Next', 'End'];

const pick = (state: JsonObject, fields: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(state).filter(([key]) => fields.includes(key)));

const waitParameters = ({ Seconds, SecondsPath, Timestamp, TimestampPath }: JsonObject): JsonObject => ({
  ...(Seconds !== undefined && { Seconds }),
  ...(SecondsPath !== undefined && { 'Seconds.$': SecondsPath }),
  ...(Timestamp !== undefined && { Timestamp }),
  ...(TimestampPath !== undefined && { 'Timestamp.$': TimestampPath }),
});

const failParameters = ({ Error: error = '', ErrorPath, Cause = '', CausePath }: JsonObject): JsonObject => ({
  ...(ErrorPath === undefined ? { Error: error } : { 'Error.$': ErrorPath }),
  ...(CausePath === undefined ? { Cause } : { 'Cause.$': CausePath }),
});

function failed({ Error: error, Cause: cause }: JsonObject): StatesError {
  if (typeof error === 'string' && typeof cause === 'string') return new StatesError(error, cause);
  return new StatesError('States.Runtime', 'ErrorPath and CausePath must lead to texts');
}

function tidy(state: JsonObject, waitScale: number): JsonObject {
  const tidied = { ...withoutWholeResultPath(renamed(state)) };
  if (Array.isArray(state.Retry)) tidied.Retry = state.Retry.filter(isObject).map((retrier) => scaled(retrier, waitScale));
  if (Array.isArray(state.Catch)) tidied.Catch = state.Catch.filter(isObject).map(withoutWholeResultPath);
  return tidied;
}

function withoutWholeResultPath(value: JsonObject): JsonObject {
  const { ResultPath, ...rest } = value;
  return ResultPath === '$' ? rest : value;
}

/** One second is the engine's default, as Step Functions has it. */
const scaled = (retrier: JsonObject, waitScale: number): JsonObject => ({
  ...retrier,
  IntervalSeconds: Number(retrier.IntervalSeconds ?? 1) * waitScale,
  ...(retrier.MaxDelaySeconds !== undefined && { MaxDelaySeconds: Number(retrier.MaxDelaySeconds) * waitScale }),
});

/** The key under which the engine's context holds what `$$.Execution` is for Step Functions. */
export const EXECUTION_KEY = 'GivenExecution';

/** The states inside of a Map or a branch have been renamed already; renaming again changes nothing. */
const renamed = (state: JsonObject): JsonObject =>
  mapTexts(state, (text) =>
    text.startsWith('$$') || text.startsWith('States.') ? text.replaceAll('$$.Execution.', `$$$$.${EXECUTION_KEY}.`) : text,
  ) as JsonObject;
