import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Machine } from '../../../lib/local/setup/machine.ts';
import { madeOnce } from '../../../lib/local/setup/made-once.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';

const machineIn = (cache: string): Machine => ({ cache, searchPath: [], isRoot: false, report: () => undefined });

it('makes a folder once, however many ask for it at once', async () => {
  const machine = machineIn(scratchFolder());
  let times = 0;
  const make = async (folder: string): Promise<void> => {
    times += 1;
    writeFileSync(join(folder, 'part'), '');
  };

  const [first, second] = await Promise.all([madeOnce(machine, 'thing-1', make), madeOnce(machine, 'thing-1', make)]);

  expect([times, first, second]).toEqual([1, join(machine.cache, 'thing-1'), join(machine.cache, 'thing-1')]);
  expect(readdirSync(machine.cache)).toEqual(['thing-1']);
});

it('gives the name only to what is whole', async () => {
  const machine = machineIn(scratchFolder());
  const make = async (folder: string): Promise<void> => {
    writeFileSync(join(folder, 'half'), '');
    throw new Error('the network is gone');
  };

  await expect(madeOnce(machine, 'thing-1', make)).rejects.toThrow('the network is gone');

  expect(readdirSync(machine.cache)).toEqual([]);
});

it('removes what a killed set-up left half made, and nothing else', async () => {
  const machine = machineIn(scratchFolder());
  for (const name of ['.thing-1.abc', '.thing-2.abc', 'thing-0']) mkdirSync(join(machine.cache, name));

  await madeOnce(machine, 'thing-1', async () => undefined);

  expect(readdirSync(machine.cache).sort()).toEqual(['.thing-2.abc', 'thing-0', 'thing-1']);
  expect(existsSync(join(machine.cache, 'thing-1'))).toBe(true);
});
