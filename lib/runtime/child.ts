import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** How long a child may take to end by itself after SIGTERM; pg_dump uses it to cancel its query. */
const GRACE_MS = 3_000;

const NEWLINE = 0x0a;

/** How a child ended: the only word on whether its output is whole. `error` where it never ran. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: string;
}

/** A child, by its absolute path and argument array. `env` is all the environment it gets: nothing of ours is passed on. */
export interface ChildCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Child {
  readonly pid: number | undefined;
  /** Closed from the start unless asked for. */
  readonly stdin: Writable | undefined;
  readonly exited: Promise<ChildExit>;
  /** Lines on stderr so far. Their text is kept by nobody: it can hold names and data, and nothing is decided from wording. */
  stderrLines(): number;
  /** Settles when stderr is closed, and so every line of it counted; that can be a moment after the exit. */
  readonly stderrEnded: Promise<void>;
  /** SIGTERM, and SIGKILL where that is not enough; returns when it is gone. */
  stop(): Promise<void>;
}

export interface PipedChild extends Child {
  readonly stdout: Readable;
}

/** Messages in English, dates in UTC, whatever the machine's settings. */
export const PLAIN_LOCALE = { LC_ALL: 'C', TZ: 'UTC' } as const;

export const succeeded = (exit: ChildExit): boolean => exit.code === 0;

/** `exit code 1`, `signal SIGKILL`, `could not be started (ENOENT)` */
export function showExit(exit: ChildExit): string {
  if (exit.error) return `could not be started (${exit.error})`;
  return exit.signal ? `signal ${exit.signal}` : `exit code ${exit.code}`;
}

/** Starts a child without a shell. `readStderr` sees what it says, for a line of a fixed form in it. */
export function startChild(
  command: ChildCommand,
  stdin: 'pipe' | 'ignore' = 'ignore',
  readStderr?: (chunk: Buffer) => void,
): PipedChild {
  const process = spawnChild(command, stdin, 'pipe');
  if (readStderr) process.stderr?.on('data', readStderr);
  return { ...childOf(process), stdout: process.stdout as Readable };
}

/** Starts a child whose stdout is this socket. Destroy the socket then, else its other end never sees the end. */
export const startChildInto = (stdout: Socket, command: ChildCommand, stdin: 'pipe' | 'ignore' = 'ignore'): Child =>
  childOf(spawnChild(command, stdin, stdout));

const spawnChild = ({ program, args, env }: ChildCommand, stdin: 'pipe' | 'ignore', stdout: 'pipe' | Socket): ChildProcess =>
  spawn(program, [...args], { env: { ...env }, stdio: [stdin, stdout, 'pipe'], shell: false });

function childOf(process: ChildProcess): Child {
  const exited = exitOf(process);
  let gone = false;
  void exited.then(() => {
    gone = true;
  });

  let lines = 0;
  const stderrEnded = new Promise<void>((resolve) => process.stderr?.once('close', resolve));
  process.stderr?.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === NEWLINE) lines++;
  });

  return {
    pid: process.pid,
    stdin: process.stdin ?? undefined,
    exited,
    stderrLines: () => lines,
    stderrEnded,
    async stop() {
      if (gone) return;
      process.kill('SIGTERM');
      // a stopped process does not see SIGTERM before it is continued
      process.kill('SIGCONT');
      const kill = setTimeout(() => process.kill('SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(kill);
    },
  };
}

/** Settles on the exit itself, not when the output is closed: a grandchild could hold that open. */
function exitOf(process: ChildProcess): Promise<ChildExit> {
  return new Promise((resolve) => {
    process.once('error', (error: NodeJS.ErrnoException) => {
      if (process.pid === undefined) resolve({ code: null, signal: null, error: error.code ?? error.name });
    });
    process.once('exit', (code, signal) => resolve({ code, signal }));
  });
}
