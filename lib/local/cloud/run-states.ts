import { setTimeout as pause } from 'node:timers/promises';
import { ExecutionError, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { type Actions, LONGEST_SECONDS, translate } from './definition.ts';
import { runChildren } from './distributed-map.ts';
import type { Told } from './execution-event.ts';
import { type Json, type JsonObject, objectIn, textOf } from './json.ts';
import { StatesError } from './states-error.ts';
import { isDistributed, type Machine, RUN_TASK } from './supported-states.ts';
import type { TaskChange } from './task-process.ts';

/** What states reach beyond themselves. */
export interface Ports {
  readonly invokeFunction: (arn: string, payload: Json, signal: AbortSignal) => Promise<Json>;
  readonly runTask: (parameters: JsonObject, signal: AbortSignal, tell: (change: TaskChange) => void) => Promise<Json>;
  readonly readObject: (bucket: string, key: string) => Promise<string>;
  /** Factor of all waits and retry intervals: 1 is real time. */
  readonly waitScale: number;
}

/** One execution, or that of one item of a Map. */
export interface Run {
  readonly ports: Ports;
  /** The context object, in the engine's spelling. */
  readonly context: JsonObject;
  /** Ends it, and everything it started. */
  readonly signal: AbortSignal;
  readonly tell: (event: Told) => void;
  /** Work under way; it may outlive the state that started it, by as long as it takes to stop. */
  readonly pending: Set<Promise<unknown>>;
}

/** Step Functions' limit of what is handed from state to state. */
const PAYLOAD_LIMIT_BYTES = 262_144;

/** The engine's own timer of a state ends first, so that it is a States.Timeout. */
const AFTER_ENGINE_MS = 100;

/** Runs a state machine in the engine. Throws what the engine throws for aborted and late ones, else a StatesError. */
export async function runStates(machine: Machine, input: Json, run: Run): Promise<Json> {
  const { definition, handlers } = translate(machine, actionsOf(run), run.ports.waitScale);
  const engine = new StateMachine(definition as unknown as StateMachineDefinition, { validationOptions: { noValidate: true } });
  const { result, abort, eventLogs } = engine.run(input, {
    overrides: { taskResourceLocalHandlers: handlers },
    context: run.context,
  });
  const told = tellAll(eventLogs as AsyncIterable<EngineEvent>, machine, run);
  if (run.signal.aborted) abort();
  else run.signal.addEventListener('abort', abort, { once: true });
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof ExecutionError) || !(error.cause instanceof Error)) throw error;
    throw error.cause instanceof StatesError ? error.cause : new StatesError(error.cause.name, error.cause.message);
  } finally {
    run.signal.removeEventListener('abort', abort);
    await told;
  }
}

function actionsOf(run: Run): Actions {
  const tracked = <T>(work: Promise<T>): Promise<T> => {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    run.pending.add(settled);
    void settled.then(() => run.pending.delete(settled));
    return work;
  };
  return {
    task: (state, definition, parameters) => tracked(performTask(state, definition, parameters, run)),
    wait: (until) => tracked(wait(until, run)),
    children: (state, definition, input) => tracked(runChildren(state, definition, input, { ...run, runStates })),
  };
}

async function performTask(state: string, { Resource, TimeoutSeconds }: JsonObject, parameters: Json, run: Run): Promise<Json> {
  const resource = textOf(Resource);
  const limit = Math.min(Number(TimeoutSeconds ?? LONGEST_SECONDS), LONGEST_SECONDS) * 1000 + AFTER_ENGINE_MS;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), limit);
  const signal = AbortSignal.any([run.signal, over.signal]);
  try {
    withinLimit(parameters);
    if (!RUN_TASK.test(resource)) return withinLimit(await run.ports.invokeFunction(resource, parameters, signal));
    return withinLimit(
      await run.ports.runTask(objectIn(parameters), signal, (change) =>
        run.tell(
          'started' in change
            ? { type: 'TaskStarted', state, task: change.started }
            : { type: 'TaskStopped', state, task: change.stopped },
        ),
      ),
    );
  } finally {
    clearTimeout(timer);
  }
}

function withinLimit(payload: Json): Json {
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes <= PAYLOAD_LIMIT_BYTES) return payload;
  throw new StatesError(
    'States.DataLimitExceeded',
    `${bytes} bytes of input or result, where ${PAYLOAD_LIMIT_BYTES} are allowed`,
  );
}

async function wait({ Seconds, Timestamp }: JsonObject, { ports, signal }: Run): Promise<void> {
  if (Timestamp === undefined && !(Number.isInteger(Seconds) && Number(Seconds) >= 0))
    throw new StatesError('States.Runtime', `a Wait takes whole seconds, not ${JSON.stringify(Seconds ?? null)}`);
  const duration = Timestamp === undefined ? Number(Seconds) * 1000 : Math.max(0, Date.parse(textOf(Timestamp)) - Date.now());
  const limit = Math.min(duration * ports.waitScale, LONGEST_SECONDS * 1000);
  await pause(limit, undefined, { signal }).catch(() => undefined);
}

/** As much of the engine's events as is told on. */
interface EngineEvent {
  readonly type: string;
  readonly index?: number;
  readonly state?: { readonly name: string; readonly input: Json; readonly output?: Json };
  readonly Error?: string;
  readonly Cause?: unknown;
  readonly retry?: { readonly attempt: number };
}

async function tellAll(events: AsyncIterable<EngineEvent>, machine: Machine, { tell }: Run): Promise<void> {
  const types = typesIn(machine);
  for await (const { type, index, state, Error: error = '', Cause, retry } of events) {
    if (!state) continue;
    const name = { state: state.name, stateType: types.get(state.name) ?? '', ...(index !== undefined && { item: { index } }) };
    if (type === 'StateEntered') tell({ type, ...name, input: state.input });
    else if (type === 'StateExited') tell({ type, ...name, output: state.output ?? null });
    else if (type === 'StateFailed') tell({ type, ...name, error, cause: typeof Cause === 'string' ? Cause : '' });
    else if (type === 'StateRetried') tell({ type, ...name, attempt: retry?.attempt ?? 0 });
    else if (type === 'StateCaught') tell({ type, ...name });
  }
}

/** The types of all states that one run of the engine enters. */
function typesIn({ States }: Machine): Map<string, string> {
  const own = Object.entries(States).map(([name, state]) => [name, textOf(state.Type)] as const);
  const inner = Object.values(States).flatMap((state) => {
    const machines = [
      ...(state.ItemProcessor && !isDistributed(state) ? [state.ItemProcessor] : []),
      ...((state.Branches ?? []) as Json[]),
    ];
    return machines.flatMap((machine) => [...typesIn(machine as unknown as Machine)]);
  });
  return new Map([...own, ...inner]);
}
