import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { MAX_PARTS, partSizes } from '../../../lib/domain/store/part-plan.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

const planned = (expectedBytes?: number): number[] => {
  const size = partSizes(expectedBytes === undefined ? {} : { expectedBytes });
  return Array.from({ length: MAX_PARTS }, (_, i) => size(i + 1));
};

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** How many parts, and how large the largest, a stream of that length takes. */
function cut(bytes: number, expectedBytes?: number): { parts: number; largest: number } {
  const size = partSizes(expectedBytes === undefined ? {} : { expectedBytes });
  let sent = 0;
  let largest = 0;
  let parts = 0;
  while (sent < bytes || parts === 0) {
    parts++;
    sent += size(parts);
    largest = Math.max(largest, size(parts));
  }
  return { parts, largest };
}

describe('without an expectation', () => {
  it('fits any length up to 48 TiB', () => {
    expect(sum(planned())).toBeGreaterThanOrEqual(48 * TIB);
  });

  it('keeps parts near 4 % of what has passed', () => {
    expect(cut(100 * MIB)).toEqual({ parts: 7, largest: 16 * MIB });
    expect(cut(10 * GIB).largest).toBeLessThanOrEqual(0.045 * 10 * GIB);
    expect(cut(1 * TIB).largest).toBe(5 * GIB);
  });
});

describe('with the size of the database as the expectation', () => {
  it('sends small and middle databases in parts of 16 MiB', () => {
    for (const size of [0.1, 1, 10, 39]) expect(cut(2 * size * GIB, size * GIB).largest).toBe(16 * MIB);
  });

  it('sends twice the expected bytes in at most 5,000 equal parts', () => {
    for (const size of [40 * GIB, 500 * GIB, 6 * TIB]) {
      const { parts, largest } = cut(2 * size, size);
      expect(parts).toBeLessThanOrEqual(5_000);
      expect(largest).toBe(partSizes({ expectedBytes: size })(1));
    }
  });

  it('reaches 24 TiB however wrong the expectation was', () => {
    for (const expected of [1, GIB, 40 * GIB, TIB, 24 * TIB, 1e18])
      expect(sum(planned(expected))).toBeGreaterThanOrEqual(24 * TIB);
  });

  it('lets parts grow slowly when the expectation is passed, so that memory does not jump', () => {
    const sizes = planned(30 * GIB);
    for (const [i, size] of sizes.entries()) expect(size).toBeLessThanOrEqual((sizes[i - 1] ?? size) * 1.08 + MIB);
  });
});

it('keeps every part within what S3 takes, and never lets one be smaller than the one before', () => {
  fc.assert(
    fc.property(fc.option(fc.double({ min: 0, max: 60 * TIB, noNaN: true }), { nil: undefined }), (expected) => {
      const sizes = planned(expected);
      const wrong = sizes.filter((size, i) => size < (sizes[i - 1] ?? 16 * MIB) || size > 5 * GIB || size % MIB !== 0);
      expect(wrong).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it('fits every stream of up to twice its expectation, and every one of up to 24 TiB', () => {
  const bytes = fc.double({ min: 0, max: 45, noNaN: true }).map((power) => Math.floor(2 ** power));
  fc.assert(
    fc.property(bytes, bytes, (length, expected) => {
      fc.pre(length <= 24 * TIB || length <= 2 * expected);
      expect(cut(length, expected).parts).toBeLessThanOrEqual(MAX_PARTS);
    }),
    { numRuns: 1_000 },
  );
});

it('gives the same size for a part whatever was asked before', () => {
  const ahead = partSizes({ expectedBytes: 3 * GIB });
  const inTurn = planned(3 * GIB);
  for (const part of [9_999, 1, 700, 701, 10_000]) expect(ahead(part)).toBe(inTurn[part - 1]);
});

it('refuses the part after the last that S3 takes', () => {
  expect(() => partSizes()(MAX_PARTS + 1)).toThrow(Failure);
});
