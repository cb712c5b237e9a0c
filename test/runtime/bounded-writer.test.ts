import { createHash, randomFillSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { BoundedWriter } from '../../lib/runtime/bounded-writer.ts';
import { type PipedChild, startChild } from '../../lib/runtime/child.ts';

const shell = (script: string): PipedChild => startChild({ program: '/bin/sh', args: ['-c', script], env: {} }, 'pipe');

function writerTo({ stdin }: PipedChild, limit: number): BoundedWriter {
  if (!stdin) throw new Error('the child has no input');
  return new BoundedWriter(stdin, limit);
}

it('hands over every byte in order, though the memory of each piece is used again at once', async () => {
  const child = shell('exec cat');
  const received = createHash('sha256');
  child.stdout.on('data', (piece: Buffer) => received.update(piece));
  const writer = writerTo(child, 100_000);

  const sent = createHash('sha256');
  const memory = Buffer.alloc(350_000);
  for (const length of [1, 99_999, 100_000, 100_001, 7, 350_000, 64, ...new Array<number>(100).fill(33_333)]) {
    const piece = randomFillSync(memory.subarray(0, length));
    sent.update(piece);
    await writer.write(piece);
    memory.fill(0);
  }
  await writer.end();
  expect(await child.exited).toMatchObject({ code: 0 });
  expect(received.digest('hex')).toBe(sent.digest('hex'));
});

it('makes its caller wait for a child that does not read', async () => {
  const child = shell('read line; exec cat >/dev/null');
  const writer = writerTo(child, 1000);
  let settled = false;
  const written = Promise.resolve(writer.write(Buffer.alloc(10_000_000))).finally(() => {
    settled = true;
  });
  const outcome = written.then(
    () => 'written',
    () => 'refused',
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  await child.stop();
  expect(await outcome).toBe('refused');
});

it('throws once the child has closed its input, from then on', async () => {
  const child = shell('exit 0');
  const writer = writerTo(child, 1000);
  await child.exited;
  await expect(writer.write(Buffer.alloc(10_000_000))).rejects.toThrow();
  await expect(writer.write(Buffer.alloc(1))).rejects.toThrow();
});

it('does not mind a child that takes all it is given and ends before it is told that this was all', async () => {
  const child = shell('head -c 1000 >/dev/null');
  const writer = writerTo(child, 5000);
  await writer.write(Buffer.alloc(1000));
  expect(await child.exited).toMatchObject({ code: 0 });
  await writer.end();
});
