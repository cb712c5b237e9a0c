import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countNewlines } from '../../../lib/runtime/postgres/count-newlines.ts';

const oneByOne = (bytes: Uint8Array): number => bytes.filter((byte) => byte === 0x0a).length;

it('counts as many newlines as there are, wherever the bytes lie in memory', () => {
  const bytes = fc.array(fc.oneof(fc.constant(0x0a), fc.integer({ min: 0, max: 255 })), { maxLength: 5000 });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 7 }), (content, offset) => {
      const memory = Buffer.from([...new Array<number>(offset).fill(0x0a), ...content, 0x0a, 0x0a]);
      const window = memory.subarray(offset, offset + content.length);
      expect(countNewlines(window)).toBe(oneByOne(window));
    }),
  );
});

it('does not run over where every byte of a long piece is a newline', () => {
  expect(countNewlines(Buffer.alloc(300_001, '\n'))).toBe(300_001);
});

it('takes bytes that differ from a newline in one bit for what they are', () => {
  const near = Buffer.from([0x0b, 0x08, 0x0e, 0x02, 0x1a, 0x2a, 0x4a, 0x8a]);
  expect(countNewlines(Buffer.concat([near, near, near]))).toBe(0);
});
