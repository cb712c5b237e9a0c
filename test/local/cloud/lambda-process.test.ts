import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../lib/local/cloud/json.ts';
import { invokeInProcess, type RunnableFunction } from '../../../lib/local/cloud/lambda-process.ts';
import type { StatesError } from '../../../lib/local/cloud/states-error.ts';

const logs = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
afterAll(() => rmSync(logs, { recursive: true, force: true }));

const LOOP = fileURLToPath(new URL('../../../lib/local/cloud/function-loop.ts', import.meta.url));
const folder = join(import.meta.dirname, 'fixture/function');
const fixture: RunnableFunction = {
  arn: 'arn:aws:lambda:us-east-1:123456789012:function:fixture',
  name: 'fixture',
  folder,
  argv: ['node', LOOP],
  environment: { _HANDLER: 'index.handler', LAMBDA_TASK_ROOT: folder, GREETING: 'hello world' },
  timeoutSeconds: 20,
  memoryMiB: 128,
  logFile: join(logs, 'fixture.log'),
};

async function invoke(
  event: JsonObject,
  more: Partial<RunnableFunction> = {},
  signal = new AbortController().signal,
): Promise<Json> {
  return JSON.parse(await invokeInProcess({ ...fixture, ...more }, JSON.stringify(event), signal)) as Json;
}

/** The error as Step Functions would show it. */
async function failure(event: JsonObject, more: Partial<RunnableFunction> = {}): Promise<{ Error: string; Cause: JsonObject }> {
  const thrown = await invoke(event, more).then(
    (answer) => expect.fail(`it answered ${JSON.stringify(answer)}`),
    (error: StatesError) => error,
  );
  return { Error: thrown.name, Cause: JSON.parse(thrown.message) as JsonObject };
}

it('answers what the handler returns', async () => {
  expect(await invoke({ a: [1, 'ü'] })).toEqual({ a: [1, 'ü'] });
});

it('gives the handler the environment it has, and nothing of ours', async () => {
  const environment = (await invoke({ do: 'environment' })) as Record<string, string>;
  expect(Object.keys(environment).sort()).toEqual([
    'AWS_LAMBDA_RUNTIME_API',
    'GREETING',
    'LAMBDA_TASK_ROOT',
    'TMPDIR',
    '_HANDLER',
  ]);
  expect(environment.GREETING).toBe('hello world');
});

it('tells the handler its request, its function and the time it has', async () => {
  const { requestId, arn, remaining } = (await invoke({ do: 'context' })) as {
    requestId: string;
    arn: string;
    remaining: number;
  };
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(arn).toBe(fixture.arn);
  expect(remaining).toBeGreaterThan(0);
  expect(remaining).toBeLessThanOrEqual(20_000);
});

it('shows an error by its name, with message and trace as cause', async () => {
  const { Error: error, Cause } = await failure({ do: 'throw' });
  expect(error).toBe('Fixture.Broken');
  expect(Cause).toMatchObject({ errorType: 'Fixture.Broken', errorMessage: 'it does not work' });
  expect((Cause.trace as string[])[0]).toContain('it does not work');
});

it('shows an error that nobody waited for', async () => {
  expect((await failure({ do: 'reject' })).Error).toBe('Fixture.Stray');
});

it('ends a function after its time limit', async () => {
  const { Error: error, Cause } = await failure({ do: 'hang' }, { timeoutSeconds: 1 });
  expect(error).toBe('Sandbox.Timedout');
  expect(Cause.errorMessage).toMatch(/Task timed out after 1\.00 seconds$/);
});

it('shows a function that ends without an answer', async () => {
  const { Error: error, Cause } = await failure({ do: 'exit' });
  expect(error).toBe('Runtime.ExitError');
  expect(Cause.errorMessage).toMatch(/exit status 3$/);
});

it('ends a function that needs more memory than it has', async () => {
  expect((await failure({ do: 'fill' }, { memoryMiB: 32 })).Error).toBe('Runtime.ExitError');
});

it('shows a handler that cannot be loaded', async () => {
  expect((await failure({}, { environment: { ...fixture.environment, _HANDLER: 'index.absent' } })).Error).toBe(
    'Runtime.HandlerNotFound',
  );
  expect(
    (await failure({}, { environment: { ...fixture.environment, _HANDLER: 'absent.handler' } })).Cause.errorMessage,
  ).toContain('absent.mjs');
});

it('writes what the function says into its log file', async () => {
  expect(await invoke({ do: 'log' })).toBe('logged');
  expect(readFileSync(fixture.logFile, 'utf8')).toContain('said by the function\ncomplained by the function');
});

it('ends with the execution that called it', async () => {
  const stop = new AbortController();
  const answer = invoke({ do: 'hang' }, {}, stop.signal).catch((error: Error) => error.name);
  stop.abort();
  expect(await answer).toBe('Sandbox.Failure');
});
