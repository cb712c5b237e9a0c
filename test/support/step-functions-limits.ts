import type { Execution } from '../../lib/local/cloud/execution.ts';
import type { ExecutionEvent } from '../../lib/local/cloud/execution-event.ts';
import { type Json, type JsonObject, objectIn, textOf } from '../../lib/local/cloud/json.ts';
import { isDistributed, type Machine, RUN_TASK } from '../../lib/local/cloud/supported-states.ts';

/**
 * How many events Step Functions writes into an execution's history for each time a state is entered; rather one too many
 * (https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html):
 *
 * - Task, a function: TaskStateEntered, LambdaFunctionScheduled, LambdaFunctionStarted, LambdaFunctionSucceeded or -Failed, TaskStateExited
 * - Task, `.sync`: TaskStateEntered, TaskScheduled, TaskStarted, TaskSubmitted, TaskSucceeded or -Failed, TaskStateExited
 * - Map: MapStateEntered, MapStateStarted, MapStateSucceeded or -Failed, MapStateExited; two more for each item of an inline
 *   one (MapIterationStarted, MapIterationSucceeded), two in all for a distributed one (MapRunStarted, MapRunSucceeded)
 * - any other: its -StateEntered and -StateExited
 *
 * A retry schedules, starts and ends the work once more.
 */
const EVENTS = { function: 5, sync: 6, map: 4, item: 2, mapRun: 2, other: 2, retryOfFunction: 3, retryOfSync: 4 } as const;

/** ExecutionStarted, and how it ended. */
const OF_EXECUTION = 2;

/** What an execution asked of Step Functions' limits. */
export interface Usage {
  /** Events in its history. */
  readonly history: number;
  /** Of the largest input or output of any state, or of the execution itself. */
  readonly payloadBytes: number;
}

/** The usage of an execution, and of the children that its distributed Maps started, by their number. */
export function usageOf(execution: Execution, machine: Machine): { readonly parent: Usage; readonly children: readonly Usage[] } {
  const states = statesIn(machine);
  const own: ExecutionEvent[] = [];
  const ofChildren = new Map<number, ExecutionEvent[]>();
  for (const event of execution.events) {
    const child = isOfChild(event, states) ? event.item?.index : undefined;
    if (child === undefined) own.push(event);
    else if (!ofChildren.get(child)?.push(event)) ofChildren.set(child, [event]);
  }
  const usage = (events: readonly ExecutionEvent[], ends: readonly (Json | undefined)[]): Usage => ({
    history: OF_EXECUTION + historyOf(events, states),
    payloadBytes: Math.max(...[...events.flatMap(payloadsOf), ...ends].map(bytesOf)),
  });
  return {
    parent: usage(own, [execution.input, execution.output]),
    children: [...ofChildren.values()].map((events) => usage(events, [])),
  };
}

interface PlacedState {
  readonly state: JsonObject;
  /** Whether an execution of its own goes through it. */
  readonly inChild: boolean;
}

/** All states by their names, which are unique over a whole definition. */
function statesIn({ States }: Machine, inChild = false): Map<string, PlacedState> {
  const found = new Map<string, PlacedState>();
  for (const [name, state] of Object.entries(States)) {
    found.set(name, { state, inChild });
    const inner = [state.ItemProcessor, ...((state.Branches ?? []) as Json[])].filter((one) => one !== undefined);
    for (const machine of inner)
      for (const [deeper, placed] of statesIn(machine as unknown as Machine, inChild || isDistributed(state)))
        found.set(deeper, placed);
  }
  return found;
}

function isOfChild(event: ExecutionEvent, states: ReadonlyMap<string, PlacedState>): boolean {
  // only the items of a distributed Map begin and end as executions
  return 'state' in event ? states.get(event.state)?.inChild === true : true;
}

function historyOf(events: readonly ExecutionEvent[], states: ReadonlyMap<string, PlacedState>): number {
  let count = 0;
  const items = new Set<number>();
  for (const event of events) {
    if (!('state' in event)) continue;
    const placed = states.get(event.state);
    if (!placed) throw new Error(`the definition has no state ${event.state}`);
    if (event.type === 'StateEntered') count += eventsOf(placed.state);
    if (event.type === 'StateRetried') count += isSync(placed.state) ? EVENTS.retryOfSync : EVENTS.retryOfFunction;
    if (event.item && !placed.inChild) items.add(event.item.index);
  }
  return count + items.size * EVENTS.item;
}

function eventsOf(state: JsonObject): number {
  if (state.Type === 'Map') return EVENTS.map + (isDistributed(state) ? EVENTS.mapRun : 0);
  if (state.Type !== 'Task') return EVENTS.other;
  return isSync(state) ? EVENTS.sync : EVENTS.function;
}

const isSync = (state: JsonObject): boolean => RUN_TASK.test(textOf(objectIn(state).Resource));

function payloadsOf(event: ExecutionEvent): Json[] {
  if ('input' in event) return [event.input];
  return 'output' in event ? [event.output] : [];
}

const bytesOf = (payload: Json | undefined): number => Buffer.byteLength(JSON.stringify(payload ?? null));
