import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withLock } from '../../../lib/local/setup/lock.mjs';
import { scratchFolder } from '../../support/scratch-folder.ts';

const pidOfAnEndedProcess = (): number => spawnSync(process.execPath, ['-e', '']).pid;

it('lets one in at a time, and tells the others once for whom they wait', async () => {
  const file = join(scratchFolder(), 'lock');
  const steps: string[] = [];
  const waits: number[] = [];
  const task = (name: string): Promise<void> =>
    withLock(
      file,
      (owner) => waits.push(owner),
      async () => {
        steps.push(`${name} in`);
        await new Promise(setImmediate);
        steps.push(`${name} out`);
      },
    );

  await Promise.all([task('first'), task('second')]);

  expect(steps).toEqual(['first in', 'first out', 'second in', 'second out']);
  expect(waits).toEqual([process.pid]);
});

it('takes over the lock of a process that is gone', async () => {
  const file = join(scratchFolder(), 'lock');
  writeFileSync(file, `${pidOfAnEndedProcess()}\n`);

  const waits: number[] = [];
  await withLock(
    file,
    (owner) => waits.push(owner),
    async () => undefined,
  );

  expect(waits).toEqual([]);
});

it('opens the lock when the work fails', async () => {
  const file = join(scratchFolder(), 'lock');

  await expect(
    withLock(
      file,
      () => undefined,
      () => Promise.reject(new Error('broken')),
    ),
  ).rejects.toThrow('broken');

  expect(existsSync(file)).toBe(false);
});
