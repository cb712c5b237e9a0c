import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Child, startChildInto } from '../../lib/runtime/child.ts';
import { type ChildOutput, openChildOutput } from '../../lib/runtime/child-output.ts';

/** Runs a shell script whose output goes to `take`. */
async function run(
  script: string,
  take: (piece: Buffer) => void | Promise<void>,
): Promise<{ child: Child; output: ChildOutput }> {
  const output = await openChildOutput(take);
  const child = startChildInto(output.writeEnd, { program: '/bin/sh', args: ['-c', script], env: {} });
  output.writeEnd.destroy();
  return { child, output };
}

const MIB = 1024 ** 2;
const ZEROS_SHA256 = createHash('sha256')
  .update(Buffer.alloc(20 * MIB))
  .digest('hex');

it('takes every byte in order, from small writes and large ones', async () => {
  let text = '';
  const small = await run('i=0; while [ $i -lt 500 ]; do echo $i; i=$((i+1)); done', (piece) => {
    text += piece.toString();
  });
  await small.output.ended;
  expect(text).toBe(Array.from({ length: 500 }, (_, i) => `${i}\n`).join(''));

  const hash = createHash('sha256');
  const large = await run(`head -c ${20 * MIB} /dev/zero`, (piece) => void hash.update(piece));
  await large.output.ended;
  expect(hash.digest('hex')).toBe(ZEROS_SHA256);
});

it('reads nothing while the taker is busy', async () => {
  const hash = createHash('sha256');
  let busy = 0;
  let most = 0;
  const { output } = await run(`head -c ${20 * MIB} /dev/zero`, async (piece) => {
    most = Math.max(most, ++busy);
    await new Promise((resolve) => setImmediate(resolve));
    hash.update(piece);
    busy--;
  });
  await output.ended;
  expect(most).toBe(1);
  expect(hash.digest('hex')).toBe(ZEROS_SHA256);
});

it('ends when a child is killed, with what it wrote before', async () => {
  let text = '';
  const { child, output } = await run('echo before; kill -9 $$', (piece) => {
    text += piece.toString();
  });
  await output.ended;
  expect(text).toBe('before\n');
  expect(await child.exited).toMatchObject({ signal: 'SIGKILL' });
});

it.each([
  [
    'throws',
    () => {
      throw new Error('not this');
    },
  ],
  ['rejects', () => Promise.reject(new Error('not this'))],
])('fails where the taker %s, and the child cannot write any more', async (_, take) => {
  const { child, output } = await run('while echo more; do :; done; exit 7', take);
  await expect(output.ended).rejects.toThrow('not this');
  // a write fails, or its signal ends the shell
  expect([7, null]).toContain((await child.exited).code);
});
