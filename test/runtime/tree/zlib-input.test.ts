import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { compressorFor, methodOf } from '../../../lib/runtime/tree/tree-compression.ts';
import { TreeDecoder } from '../../../lib/runtime/tree/tree-decoder.ts';
import { ZlibInput } from '../../../lib/runtime/tree/zlib-input.ts';

const PIECES = Array.from({ length: 40 }, () => randomBytes(100_000));

it.each(['gzip:1', 'zstd:1'] as const)('ends what %s packs once, though pieces were still waiting', async (compression) => {
  const compressor = compressorFor(compression);
  const packed = buffer(compressor);
  const input = new ZlibInput(compressor);
  const written = PIECES.map((piece) => input.write(piece));
  await input.end();
  await Promise.all(written);

  const unpacked: Buffer[] = [];
  const decoder = new TreeDecoder(methodOf(compression), (piece) => void unpacked.push(piece) as undefined);
  await decoder.write(await packed);
  await decoder.end();
  expect(Buffer.concat(unpacked).equals(Buffer.concat(PIECES))).toBe(true);
});

it('makes its caller wait while nobody takes what comes out, and fails when that is given up', async () => {
  const compressor = compressorFor('zstd:1');
  const input = new ZlibInput(compressor);
  let written = 0;
  const all = (async () => {
    for (const piece of PIECES) {
      await input.write(piece);
      written++;
    }
  })();
  await new Promise((resolve) => compressor.once('readable', resolve));
  compressor.destroy();
  await expect(all).rejects.toThrow('closed before its end');
  expect(written).toBeLessThan(PIECES.length);
  await expect(input.end()).rejects.toThrow('closed before its end');
});
