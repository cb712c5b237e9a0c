import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ending } from '../servers/process-group.ts';
import { killTree, startProgram } from './program.ts';
import { type Answer, RuntimeApi } from './runtime-api.ts';
import { StatesError } from './states-error.ts';

/** A deployed function, ready to be run. */
export interface RunnableFunction {
  readonly arn: string;
  readonly name: string;
  readonly argv: readonly string[];
  /** The folder of its asset. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly logFile: string;
}

/**
 * Runs one invocation in a fresh process and returns the JSON it answered. What fails comes as Step Functions sees it: the
 * error's type as `Error`, and Lambda's JSON of it as `Cause`.
 */
export async function invokeInProcess(fn: RunnableFunction, payload: string, signal: AbortSignal): Promise<string> {
  const requestId = randomUUID();
  const limit = fn.timeoutSeconds * 1000;
  const api = await RuntimeApi.start({ requestId, functionArn: fn.arn, deadline: Date.now() + limit, payload });
  const scratch = mkdtempSync(join(tmpdir(), 'nightproof-function-'));
  const program = startProgram({
    ...fn,
    cwd: fn.folder,
    environment: { ...fn.environment, AWS_LAMBDA_RUNTIME_API: api.address, TMPDIR: scratch },
    nodeOptions: [`--max-old-space-size=${fn.memoryMiB}`],
  });
  const over = new AbortController();
  const ended = program.closed.then((ending) => exited(requestId, ending));
  const late = pause(limit, timedOut(requestId, fn.timeoutSeconds), { signal: over.signal }).catch(() => stopped(requestId));
  const aborted = untilAborted(signal, over.signal).then(() => stopped(requestId));
  try {
    const answer = await Promise.race([api.answered, ended, late, aborted]);
    // what it does after its answer still counts against the time limit
    if (answer.kind === 'response') await Promise.race([api.idle, ended, late, aborted]);
    return read(answer);
  } finally {
    over.abort();
    killTree(program);
    await program.closed;
    api.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Forgotten when it is over: one signal outlives many invocations. */
function untilAborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true, signal: over });
  });
}

function read({ kind, body }: Answer): string {
  if (kind === 'response') return body;
  const { errorType } = JSON.parse(body) as { errorType?: string };
  throw new StatesError(errorType ?? 'Lambda.Unknown', body);
}

const failure = (requestId: string, errorType: string, text: string): Answer => ({
  kind: 'error',
  body: JSON.stringify({ errorType, errorMessage: `RequestId: ${requestId} Error: ${text}` }),
});

const timedOut = (requestId: string, seconds: number): Answer =>
  failure(requestId, 'Sandbox.Timedout', `Task timed out after ${seconds.toFixed(2)} seconds`);

const exited = (requestId: string, { code, signal }: Ending): Answer =>
  failure(requestId, 'Runtime.ExitError', `Runtime exited with error: ${signal ? `signal: ${signal}` : `exit status ${code}`}`);

const stopped = (requestId: string): Answer => failure(requestId, 'Sandbox.Failure', 'The execution ended');
