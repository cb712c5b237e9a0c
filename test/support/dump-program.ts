/**
 * The dump task as a process of its own, which does something to itself at a moment that its first argument names:
 * `dies-before-complete`, `dies-after-complete`, `is-stopped`, `shows-children`.
 */
import { readFileSync } from 'node:fs';
import type { DumpObserver } from '../../tasks/dump/dump-job.ts';
import { run } from '../../tasks/dump/run.ts';

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

/** What anybody on the machine can read of a process, and what its owner can. */
const show = (pid: number | undefined): void => {
  const file = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0');
  process.stdout.write(`${JSON.stringify({ argv: file('cmdline'), environment: file('environ').filter(Boolean) })}\n`);
};

let acted = false;
const once = (act: () => void): void => {
  if (!acted) act();
  acted = true;
};

const SCENES: Readonly<Record<string, DumpObserver>> = {
  'dies-before-complete': { completing: die },
  'dies-after-complete': { completed: die },
  'is-stopped': { streamed: (bytes) => bytes > 6 * 1024 ** 2 && once(() => process.kill(process.pid, 'SIGTERM')) },
  'shows-children': { streamed: (_, { pgDump, pgRestore }) => once(() => [pgDump, pgRestore].forEach(show)) },
};

process.exit(await run((log) => ({ ...log, ...SCENES[process.argv[2] ?? ''] })));
