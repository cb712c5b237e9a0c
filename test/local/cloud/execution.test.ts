import { expect, it } from 'vitest';
import { Execution } from '../../../lib/local/cloud/execution.ts';
import type { Json, JsonObject } from '../../../lib/local/cloud/json.ts';
import { objectIn } from '../../../lib/local/cloud/json.ts';
import type { Ports } from '../../../lib/local/cloud/run-states.ts';
import { StatesError } from '../../../lib/local/cloud/states-error.ts';
import { checkSupported } from '../../../lib/local/cloud/supported-states.ts';

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:';
const MACHINE_ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:night';

type Work = (payload: JsonObject, signal: AbortSignal) => Json | Promise<Json>;

interface Setting {
  /** Functions by name. */
  readonly work?: Record<string, Work>;
  readonly objects?: Record<string, string>;
  readonly waitScale?: number;
  readonly input?: Json;
}

function start(
  states: Record<string, JsonObject>,
  { work = {}, objects = {}, waitScale = 0, input = {} }: Setting = {},
  more: JsonObject = {},
): Execution {
  const ports: Ports = {
    waitScale,
    invokeFunction: async (arn, payload, signal) => {
      const fn = work[arn.replace(ARN, '')];
      if (!fn) throw new StatesError('Lambda.ResourceNotFoundException', arn);
      return fn(objectIn(payload), signal);
    },
    runTask: async () => ({}),
    readObject: async (bucket, key) => {
      const text = objects[`${bucket}/${key}`];
      if (text === undefined) throw Object.assign(new Error('no such key'), { name: 'NoSuchKey' });
      return text;
    },
  };
  const [StartAt = ''] = Object.keys(states);
  const machine = checkSupported({ StartAt, States: states, ...more });
  return new Execution({ arn: MACHINE_ARN, name: 'night', roleArn: 'arn:aws:iam::123456789012:role/r', machine }, ports, {
    name: 'first',
    input,
  });
}

const run = (...args: Parameters<typeof start>): Promise<Execution> => start(...args).ended;

const task = (name: string, more: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: `${ARN}${name}`,
  ...(more.Next === undefined && { End: true }),
  ...more,
});

const fails =
  (name: string, cause = 'because'): Work =>
  () => {
    throw new StatesError(name, cause);
  };

/** Fails so often, then gives how often it was called. */
const failsTimes = (times: number, name: string): Work => {
  let calls = 0;
  return () => {
    if (++calls <= times) throw new StatesError(name, 'because');
    return calls;
  };
};

it('hands a function its parameters and puts the answer where ResultPath says', async () => {
  const states = { A: task('a', { Parameters: { 'x.$': '$.n', y: 2 }, ResultPath: '$.answer' }) };
  const execution = await run(states, { input: { n: 1 }, work: { a: (payload) => payload } });
  expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { n: 1, answer: { x: 1, y: 2 } } });
  expect(execution.arn).toBe('arn:aws:states:us-east-1:123456789012:execution:night:first');
});

it('takes ResultPath "$" for the whole, and null for nothing', async () => {
  const states = { A: task('a', { ResultPath: null, Next: 'B' }), B: task('b', { ResultPath: '$' }) };
  const seen: Json[] = [];
  const work: Record<string, Work> = { a: () => 'dropped', b: (payload) => seen.push(payload) && { whole: true } };
  expect((await run(states, { input: { n: 1 }, work })).output).toEqual({ whole: true });
  expect(seen).toEqual([{ n: 1 }]);
});

it('tells states the id and start of this execution, inside of a Map those of the child', async () => {
  const ids = { 'id.$': '$$.Execution.Id', 'at.$': '$$.Execution.StartTime', 'input.$': '$$.Execution.Input' };
  const states = {
    A: task('a', { Parameters: ids, ResultPath: '$.own', Next: 'Each' }),
    Each: map({ Inside: task('a', { Parameters: ids }) }, { ItemsPath: '$.items' }),
  };
  const execution = await run(states, { input: { items: ['x'] }, work: { a: (payload) => payload } });
  const [entered] = execution.events.filter((event) => event.type === 'StateExited' && event.state === 'A');
  expect(entered).toMatchObject({
    output: { own: { id: execution.arn, at: execution.startDate.toISOString(), input: { items: ['x'] } } },
  });
  const [child] = execution.output as JsonObject[];
  expect(child?.id).toMatch(/^arn:aws:states:us-east-1:123456789012:execution:night\/Each:[0-9a-f-]{36}$/);
  expect(child?.input).toBe('x');
});

it('shows Catch the error and its cause, and ends with those that nothing catches', async () => {
  const caught = {
    A: task('a', { Catch: [{ ErrorEquals: ['Broken'], ResultPath: '$.error', Next: 'B' }] }),
    B: { Type: 'Pass', End: true },
  };
  expect((await run(caught, { input: { n: 1 }, work: { a: fails('Broken', '{"errorMessage":"x"}') } })).output).toEqual({
    n: 1,
    error: { Error: 'Broken', Cause: '{"errorMessage":"x"}' },
  });
  expect(await run(caught, { work: { a: fails('Other') } })).toMatchObject({
    status: 'FAILED',
    error: 'Other',
    cause: 'because',
  });
});

it('retries what a retrier names, so often, and with intervals that can be shortened', async () => {
  const states = {
    A: task('a', { Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 3600, MaxAttempts: 2, JitterStrategy: 'FULL' }] }),
  };
  expect((await run(states, { work: { a: failsTimes(2, 'Busy') } })).output).toBe(3);
  expect(await run(states, { work: { a: failsTimes(3, 'Busy') } })).toMatchObject({ status: 'FAILED', error: 'Busy' });
  expect(await run(states, { work: { a: failsTimes(1, 'Other') } })).toMatchObject({ status: 'FAILED', error: 'Other' });
});

it('goes round a loop of Choice and Wait as often as the data say', async () => {
  const states = {
    Try: task('try', { ResultPath: '$.try', Next: 'Again?' }),
    'Again?': { Type: 'Choice', Choices: [{ Variable: '$.try.again', BooleanEquals: true, Next: 'Pause' }], Default: 'Done' },
    Pause: { Type: 'Wait', SecondsPath: '$.try.seconds', Next: 'Try' },
    Done: { Type: 'Succeed', OutputPath: '$.try' },
  };
  let tries = 0;
  const execution = await run(states, { work: { try: () => ({ again: ++tries < 4, seconds: 600, tries }) } });
  expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { tries: 4 } });
  const waits = execution.events.filter((event) => event.type === 'StateEntered' && event.state === 'Pause');
  expect(waits).toMatchObject([{ stateType: 'Wait' }, { stateType: 'Wait' }, { stateType: 'Wait' }]);
});

it('fails with texts made by intrinsic functions, and with none', async () => {
  const input = { name: 'one', error: { Error: 'Lost' } };
  const told = { A: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: "States.Format('source {} was lost', $.name)" } };
  expect(await run(told, { input })).toMatchObject({ status: 'FAILED', error: 'Lost', cause: 'source one was lost' });
  expect(await run({ A: { Type: 'Fail' } })).toMatchObject({ status: 'FAILED', error: '', cause: '' });
});

it('ends a task after its time limit and tells it to stop; States.TaskFailed does not match that', async () => {
  let stopped = false;
  const hangs: Work = (_, signal) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => {
        stopped = true;
        reject(new Error('stopped'));
      }),
    );
  const Catch = [
    { ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' },
    { ErrorEquals: ['States.Timeout'], Next: 'Right' },
  ];
  const states = {
    A: task('a', { TimeoutSeconds: 1, Catch }),
    Right: { Type: 'Pass', Result: 'late', End: true },
    Wrong: { Type: 'Pass', End: true },
  };
  expect(await run(states, { work: { a: hangs } })).toMatchObject({ status: 'SUCCEEDED', output: 'late' });
  expect(stopped).toBe(true);
});

it('ends an execution after its time limit', async () => {
  const states = { A: { Type: 'Wait', Seconds: 3600, End: true } };
  expect(await run(states, { waitScale: 1 }, { TimeoutSeconds: 1 })).toMatchObject({
    status: 'TIMED_OUT',
    error: 'States.Timeout',
  });
});

it('lets nothing pass that is larger than Step Functions allows, and no Catch see that', async () => {
  const states = { A: task('a', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }), B: { Type: 'Pass', End: true } };
  expect((await run(states, { work: { a: () => 'x'.repeat(262_142) } })).status).toBe('SUCCEEDED');
  expect(await run(states, { work: { a: () => 'x'.repeat(262_143) } })).toMatchObject({
    status: 'FAILED',
    error: 'States.DataLimitExceeded',
  });
});

const map = (states: Record<string, JsonObject>, more: JsonObject = {}): JsonObject => ({
  Type: 'Map',
  ...(more.Next === undefined && { End: true }),
  ...more,
  ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: Object.keys(states)[0] ?? '',
    States: states,
  },
});

const READER = {
  Resource: 'arn:aws:states:::s3:getObject',
  ReaderConfig: { InputType: 'JSON' },
  Parameters: { Bucket: 'vault', 'Key.$': '$.key' },
};
const SELECTOR = { 'id.$': '$$.Map.Item.Value.id', 'at.$': '$$.Map.Item.Index', 'plan.$': '$.plan' };

it('reads the items of a Map from an object, and selects the input of each', async () => {
  const states = { Each: map({ Inside: task('a') }, { ItemReader: READER, ItemSelector: SELECTOR }) };
  const objects = { 'vault/jobs.json': '[{"id":"one"},{"id":"two"}]' };
  const execution = await run(states, { input: { key: 'jobs.json', plan: 'p' }, objects, work: { a: (payload) => payload } });
  expect(execution.output).toEqual([
    { id: 'one', at: 0, plan: 'p' },
    { id: 'two', at: 1, plan: 'p' },
  ]);
  const started = execution.events.filter((event) => event.type === 'ItemStarted').map((event) => event.item);
  expect(started).toEqual([
    { index: 0, id: 'one' },
    { index: 1, id: 'two' },
  ]);
});

it.each([
  ['is not there', {}, 'NoSuchKey'],
  ['is no array', { 'vault/jobs.json': '{"a":1}' }, 'not a JSON array'],
  ['is no JSON', { 'vault/jobs.json': '[{' }, 'not a JSON array'],
])('fails a Map whose object %s, so that its Catch sees it', async (_, objects, cause) => {
  const Catch = [{ ErrorEquals: ['States.ItemReaderFailed'], ResultPath: '$.error', Next: 'B' }];
  const states = {
    Each: map({ Inside: { Type: 'Pass', End: true } }, { ItemReader: READER, Catch }),
    B: { Type: 'Pass', End: true },
  };
  const execution = await run(states, { input: { key: 'jobs.json' }, objects: objects as Record<string, string> });
  expect(execution.output).toMatchObject({ error: { Error: 'States.ItemReaderFailed', Cause: expect.stringContaining(cause) } });
});

it('begins no more items at a time than MaxConcurrency', async () => {
  let [now, most] = [0, 0];
  const busy: Work = async () => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    return --now;
  };
  const states = { Each: map({ Inside: task('a') }, { ItemsPath: '$.items', MaxConcurrency: 3 }) };
  await run(states, { input: { items: [1, 2, 3, 4, 5, 6, 7] }, work: { a: busy } });
  expect(most).toBe(3);
});

it('goes on after a failed item as far as the Map tolerates it', async () => {
  const odd: Work = ({ id }) => (Number(id) % 2 === 1 ? fails('Odd')({}, new AbortController().signal) : (id ?? null));
  const input = { items: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }] };
  const each = (more: JsonObject) => ({ Each: map({ Inside: task('a') }, { ItemsPath: '$.items', ...more }) });

  const tolerant = await run(each({ ToleratedFailurePercentage: 50 }), { input, work: { a: odd } });
  expect(tolerant).toMatchObject({ status: 'SUCCEEDED', output: [2, 4] });
  expect(tolerant.events.filter((event) => event.type === 'ItemFailed')).toMatchObject([{ error: 'Odd' }, { error: 'Odd' }]);
  const tooStrict: JsonObject[] = [{}, { ToleratedFailurePercentage: 49 }, { ToleratedFailureCount: 1 }];
  for (const more of tooStrict)
    expect(await run(each(more), { input, work: { a: odd } })).toMatchObject({
      status: 'FAILED',
      error: 'States.ExceedToleratedFailureThreshold',
    });
});

it('runs inline Maps and parallel branches by the engine, handlers included', async () => {
  const ItemProcessor = { StartAt: 'Inside', States: { Inside: task('a') } };
  const states = { Each: { Type: 'Map', ItemsPath: '$.items', ItemProcessor, End: true } };
  expect((await run(states, { input: { items: [{ n: 1 }, { n: 2 }] }, work: { a: ({ n }) => Number(n) * 10 } })).output).toEqual([
    10, 20,
  ]);
  const Branches = ['Left', 'Right'].map((name) => ({ StartAt: name, States: { [name]: task('a', { Parameters: { name } }) } }));
  expect(
    (await run({ Both: { Type: 'Parallel', Branches, End: true } }, { work: { a: ({ name = null }) => name } })).output,
  ).toEqual(['Left', 'Right']);
});

it('stops what runs when it is aborted, and begins nothing more', async () => {
  const started: Json[] = [];
  const stopped: Json[] = [];
  const hangs: Work = ({ id = null }, signal) => {
    started.push(id);
    return new Promise((resolve) => signal.addEventListener('abort', () => setImmediate(() => resolve(stopped.push(id)))));
  };
  const items = [{ id: 'one' }, { id: 'two' }, { id: 'three' }];
  const states = {
    Each: map(
      { Inside: task('a', { Next: 'After' }), After: task('a') },
      { ItemsPath: '$.items', MaxConcurrency: 2, ToleratedFailurePercentage: 100, Next: 'Last' },
    ),
    Last: task('a'),
  };
  const execution = start(states, { input: { items }, work: { a: hangs } });
  await new Promise<void>((resolve) => execution.on('event', () => started.length === 2 && resolve()));
  expect(await execution.stop()).toMatchObject({ status: 'ABORTED', stopDate: expect.any(Date) });
  expect(stopped).toEqual(['one', 'two']);
  expect(started).toEqual(['one', 'two']);
});
