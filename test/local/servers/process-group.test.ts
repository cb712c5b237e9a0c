import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { processGroup } from '../../../lib/local/servers/process-group.ts';
import { toolchain } from '../../support/toolchain.ts';

const HOLDS_SERVERS = fileURLToPath(new URL('./holds-servers.ts', import.meta.url));

interface Held {
  /** PostgreSQL, versitygw, moto and the watcher. */
  readonly pids: readonly number[];
  readonly folder: string;
}

async function holdServers(...args: string[]): Promise<{ parent: ChildProcess; held: Held }> {
  const env = { ...process.env, NIGHTPROOF_TOOLCHAIN: JSON.stringify(await toolchain()) };
  const parent = spawn(process.execPath, [HOLDS_SERVERS, ...args], { env, stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
  const ended = once(parent, 'exit').then(([code]) => expect.fail(`it ended with ${String(code)} before it held anything`));
  const [line] = (await Promise.race([once(parent.stdout as NodeJS.ReadableStream, 'data'), ended])) as [Buffer];
  return { parent, held: JSON.parse(line.toString()) as Held };
}

/** A zombie is gone, too: whoever inherited it has not looked yet. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const runningOf = (held: Held): number[] => held.pids.filter(isRunning);

const nothingIsLeft = (held: Held): Promise<void> =>
  vi.waitFor(() => expect([runningOf(held), existsSync(held.folder)]).toEqual([[], false]), { timeout: 8000, interval: 20 });

it.each(['SIGKILL', 'SIGINT'] as const)('leaves no server and no folder behind when its process gets %s', async (signal) => {
  const { parent, held } = await holdServers();
  expect(runningOf(held)).toHaveLength(4);

  parent.kill(signal);

  expect(await once(parent, 'exit')).toEqual([null, signal]);
  await nothingIsLeft(held);
});

it.each([
  ['throws', 'throw', 1],
  ['exits', 'exit', 3],
] as const)('leaves nothing behind when its process %s', async (_what, ending, code) => {
  const { parent, held } = await holdServers('hold', ending);

  if (parent.exitCode === null) await once(parent, 'exit');

  expect(parent.exitCode).toBe(code);
  await nothingIsLeft(held);
});

it.each(['SIGTERM', 'SIGINT'] as const)(
  'stops all before a main program ends by %s, however often that comes',
  async (signal) => {
    const { parent, held } = await holdServers('together');

    parent.kill(signal);
    parent.kill(signal);

    expect(await once(parent, 'exit')).toEqual([null, signal]);
    const servers = held.pids.filter(isRunning);
    expect([servers.length <= 1, existsSync(held.folder)]).toEqual([true, false]);
    await nothingIsLeft(held);
  },
);

it('ends a main program whose starter is gone', async () => {
  const { parent, held } = await holdServers('together');

  parent.disconnect();

  expect(await once(parent, 'exit')).toEqual([1, null]);
  await nothingIsLeft(held);
});

it('kills what does not heed its stop signal, with all it has started', async () => {
  const shell = 'trap "" TERM; sleep 600 & echo $!; wait';
  const stubborn = processGroup.spawn('/bin/sh', ['-c', shell], { stdio: ['ignore', 'pipe', 'ignore'], graceMs: 50 });
  const [line] = await once(stubborn.process.stdout as NodeJS.ReadableStream, 'data');

  await stubborn.stop();

  expect(await stubborn.closed).toEqual({ code: null, signal: 'SIGKILL' });
  await vi.waitFor(() => expect(isRunning(Number(line))).toBe(false));
});

it('says 127 of a program that is not there', async () => {
  const child = processGroup.spawn('/nowhere/program', []);

  expect([await child.closed, child.hasEnded()]).toEqual([{ code: 127, signal: null }, true]);
  await child.stop();
});
