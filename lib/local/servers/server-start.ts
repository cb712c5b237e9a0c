import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { type OwnedProcess, type OwnedSpawnOptions, processGroup } from './process-group.ts';

const TRIES = 3;
const READY_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 20;
const LOG_TAIL_LINES = 15;

export interface ServerSpec {
  /** As it is called in errors. */
  readonly name: string;
  /** A folder for its log. */
  readonly folder: string;
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  readonly options?: OwnedSpawnOptions;
  /** Whether the server on that port truly answers and is this one; a throw means not yet. */
  readonly answers: (port: number, log: () => string) => Promise<boolean>;
}

export interface RunningServer {
  readonly port: number;
  readonly process: OwnedProcess;
}

/** Starts a server on a free port and waits until it answers. One that ends at once is tried again: somebody may have taken its port. */
export async function startServer(spec: ServerSpec): Promise<RunningServer> {
  const logFile = join(spec.folder, `${spec.name}.log`);
  const log = (): string => readFileSync(logFile, 'utf8');
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const child = spawnWithLog(spec, port, logFile);
    const state = await untilAnswers(spec, port, child, log);
    if (state === 'ready') return { port, process: child };
    await child.stop();
    if (state === 'silent' || attempt === TRIES)
      throw new Error(`${spec.name} ${WORDS[state]}. The end of its log:\n${tail(log())}`);
  }
}

const WORDS = { silent: `did not answer within ${READY_WITHIN_MS / 1000} s`, ended: 'ended instead of answering' } as const;

function spawnWithLog(spec: ServerSpec, port: number, logFile: string): OwnedProcess {
  const log = openSync(logFile, 'w', 0o600);
  try {
    return processGroup.spawn(spec.command, spec.args(port), { ...spec.options, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

async function untilAnswers(
  spec: ServerSpec,
  port: number,
  child: OwnedProcess,
  log: () => string,
): Promise<'ready' | 'silent' | 'ended'> {
  const giveUp = performance.now() + READY_WITHIN_MS;
  while (performance.now() < giveUp) {
    const answered = await spec.answers(port, log).catch(() => false);
    if (child.hasEnded()) return 'ended';
    if (answered) return 'ready';
    await pause(LOOK_AGAIN_MS);
  }
  return 'silent';
}

const tail = (log: string): string => log.trim().split('\n').slice(-LOG_TAIL_LINES).join('\n');
