import { randomUUID } from 'node:crypto';
import { EXECUTION_KEY } from './definition.ts';
import { itemOf } from './execution-event.ts';
import { type Json, type JsonObject, objectIn, textIn, textOf } from './json.ts';
import { evaluate } from './payload-template.ts';
import type { Run, runStates } from './run-states.ts';
import { StatesError } from './states-error.ts';
import type { Machine } from './supported-states.ts';

/** Where the definition sets no limit, Step Functions starts up to 10,000 at a time; one machine does not. */
const DEFAULT_CONCURRENCY = 40;

interface MapRun extends Run {
  readonly runStates: typeof runStates;
}

/**
 * A Distributed Map: an execution of its own for each item, as Step Functions has it, so that the failure of one is a
 * failure of the Map only where more fail than it tolerates.
 */
export async function runChildren(state: string, map: JsonObject, input: Json, run: MapRun): Promise<Json> {
  const items = await itemsOf(map, input, run);
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const outputs: Json[] = [];
  let failures = 0;
  const one = async (value: Json, index: number): Promise<void> => {
    const context = { ...run.context, Map: { Item: { Index: index, Value: value } } };
    const childInput = map.ItemSelector === undefined ? value : await evaluate(map.ItemSelector, input, context);
    const output = await runChild(map, { state, index, input: childInput }, { ...run, signal });
    if (output !== undefined) outputs[index] = output;
    else if (!tolerates(map, ++failures, items.length)) stop.abort();
  };
  await limited(items, Number(map.MaxConcurrency) || DEFAULT_CONCURRENCY, signal, one).catch((error: unknown) => {
    stop.abort();
    throw error;
  });
  if (stop.signal.aborted)
    throw new StatesError('States.ExceedToleratedFailureThreshold', `${failures} of ${items.length} items failed`);
  return outputs.filter((output) => output !== undefined);
}

interface Child {
  readonly state: string;
  readonly index: number;
  readonly input: Json;
}

/** The output of one item; undefined where it failed. */
async function runChild(map: JsonObject, { state, index, input }: Child, run: MapRun): Promise<Json | undefined> {
  const item = itemOf(index, input);
  const tell: Run['tell'] = (event) => run.tell({ ...event, item: event.item ? { ...item, index: event.item.index } : item });
  const context = childContext(run.context, textIn(map.Label) ?? state, input);
  tell({ type: 'ItemStarted', input });
  try {
    const output = await run.runStates(map.ItemProcessor as unknown as Machine, input, { ...run, context, tell });
    tell({ type: 'ItemSucceeded', output });
    return output;
  } catch (error) {
    const { name, message } = error as Error;
    tell({ type: 'ItemFailed', error: name, cause: message });
    return undefined;
  }
}

function childContext(context: JsonObject, label: string, input: Json): JsonObject {
  const parent = objectIn(context[EXECUTION_KEY]);
  const name = randomUUID();
  const machine = textOf(parent.Id).split(':').slice(0, -1).join(':');
  const own = { ...parent, Id: `${machine}/${label}:${name}`, Name: name, Input: input, StartTime: new Date().toISOString() };
  return { ...context, [EXECUTION_KEY]: own };
}

async function itemsOf(map: JsonObject, input: Json, { context, ports }: MapRun): Promise<Json[]> {
  if (map.ItemReader !== undefined) return readItems(objectIn(map.ItemReader), input, { context, ports });
  const items =
    map.ItemsPath === undefined ? input : objectIn(await evaluate({ 'items.$': map.ItemsPath }, input, context)).items;
  if (!Array.isArray(items)) throw new StatesError('States.Runtime', 'the items of a Map must be an array');
  return items;
}

async function readItems(
  { Parameters = {} }: JsonObject,
  input: Json,
  { context, ports }: Pick<MapRun, 'context' | 'ports'>,
): Promise<Json[]> {
  const parameters = objectIn(await evaluate(Parameters, input, context));
  const [bucket, key] = [textOf(parameters.Bucket), textOf(parameters.Key)];
  const failed = (why: string) => new StatesError('States.ItemReaderFailed', `${bucket}/${key}: ${why}`);
  const text = await ports.readObject(bucket, key).catch((error: Error) => {
    throw failed(error.name);
  });
  const items = parse(text);
  if (!Array.isArray(items)) throw failed('it is not a JSON array');
  return items;
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function tolerates(map: JsonObject, failures: number, items: number): boolean {
  const byCount = map.ToleratedFailureCount === undefined ? undefined : failures <= Number(map.ToleratedFailureCount);
  const byShare =
    map.ToleratedFailurePercentage === undefined ? undefined : (failures / items) * 100 <= Number(map.ToleratedFailurePercentage);
  if (byCount === undefined && byShare === undefined) return false;
  return byCount !== false && byShare !== false;
}

/** Works through the items, so many at a time, in order; after the signal it begins no more. */
async function limited(
  items: readonly Json[],
  limit: number,
  signal: AbortSignal,
  work: (item: Json, index: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) {
      if (signal.aborted) return;
      await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
