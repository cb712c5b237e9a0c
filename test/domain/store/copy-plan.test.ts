import { describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/outcomes.ts';
import {
  COPY_LIMITS,
  type CopyLimits,
  MAX_COPY_BYTES,
  planCopy,
  type RangedCopy,
  rangeOf,
} from '../../../lib/domain/store/copy-plan.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const SEED = 20_260_419;

/** Numbers from 0 to 1, the same ones in every run. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is wrong with range `number`: S3 would refuse it, or it does not go on where the one before ended. */
function fault(plan: RangedCopy, number: number): string | undefined {
  const { first, last } = rangeOf(plan, number);
  const length = last - first + 1;
  const expected = number === 1 ? 0 : rangeOf(plan, number - 1).last + 1;
  if (first !== expected) return `range ${number} begins at ${first}, not at ${expected}`;
  if (length < (number === plan.count ? 1 : 5 * MIB) || length > 5 * GIB) return `range ${number} has ${length} bytes`;
  if (number === plan.count && last !== plan.bytes - 1) return `the last range ends at ${last} of ${plan.bytes}`;
  return undefined;
}

/** What is wrong with a plan, looking at its ends and at a few ranges between, or at all of them. */
function faultOf(bytes: number, limits: CopyLimits, look: (count: number) => Iterable<number>): string | undefined {
  const plan = planCopy(bytes, limits);
  const whole = bytes === 0 || bytes <= limits.wholeUpToBytes;
  if (plan.kind === 'whole') return whole ? undefined : 'too large to be copied whole';
  if (whole) return 'small enough to be copied whole';
  if (plan.bytes !== bytes || plan.count < 1 || plan.count > 10_000) return `${plan.count} ranges for ${plan.bytes} bytes`;
  for (const number of look(plan.count)) {
    const found = fault(plan, number);
    if (found) return found;
  }
  return undefined;
}

const all = (count: number): Iterable<number> => Array.from({ length: count }, (_, i) => i + 1);

/** Sizes at which something changes, and their neighbours. */
const EDGES = [0, 1, 5 * MIB, 256 * MIB, 5e9, 5 * GIB, 256 * MIB * 10_000, 5 * TIB, 50e12, MAX_COPY_BYTES]
  .flatMap((size) => [size - 1, size, size + 1])
  .filter((size) => size >= 0 && size <= MAX_COPY_BYTES);

it.each([
  [0, 'whole'],
  [1, 'whole'],
  [4_999_999_999, 'whole'],
  [5_000_000_000, 'whole'],
  [5_000_000_001, 'ranges'],
])('copies %d bytes: %s', (bytes, kind) => {
  expect(planCopy(bytes).kind).toBe(kind);
});

it('cuts 20 MB at a low threshold into ranges that S3 takes', () => {
  const plan = planCopy(20_000_000, { wholeUpToBytes: 6 * MIB, rangeBytes: 5 * MIB }) as RangedCopy;
  expect(all(plan.count)).toHaveLength(4);
  expect([1, 2, 3, 4].map((number) => rangeOf(plan, number))).toEqual([
    { first: 0, last: 5_242_879 },
    { first: 5_242_880, last: 10_485_759 },
    { first: 10_485_760, last: 15_728_639 },
    { first: 15_728_640, last: 19_999_999 },
  ]);
});

it.each([
  ['twice the limit of a whole copy', 10_000_000_000, 256 * MIB, 38],
  ['S3’s old limit', 5 * TIB, 525 * MIB, 9_987],
  ['S3’s new limit', 50e12, 4_769 * MIB, 9_999],
  ['all that the parts of one upload hold', MAX_COPY_BYTES, 5 * GIB, 10_000],
])('copies %s in at most 10,000 ranges', (_, bytes, rangeBytes, count) => {
  expect(planCopy(bytes)).toEqual({ kind: 'ranges', bytes, rangeBytes, count });
});

it('reaches 48.8 TiB, and refuses a byte more', () => {
  expect(MAX_COPY_BYTES / TIB).toBeCloseTo(48.83, 2);
  expect(() => planCopy(MAX_COPY_BYTES + 1)).toThrow(Failure);
});

it('never makes ranges smaller or larger than S3 takes, whatever was asked', () => {
  expect(planCopy(GIB, { wholeUpToBytes: 0, rangeBytes: 1 })).toMatchObject({ rangeBytes: 5 * MIB });
  expect(planCopy(GIB, { wholeUpToBytes: 0, rangeBytes: 9 * GIB })).toMatchObject({ rangeBytes: 5 * GIB, count: 1 });
});

describe('ranges join without gap or overlap', () => {
  it.each([COPY_LIMITS, { wholeUpToBytes: 0, rangeBytes: 5 * MIB }, { wholeUpToBytes: 1, rangeBytes: 5 * GIB }])(
    'every one of them, at each edge: %o',
    (limits) => {
      const faults = EDGES.map((bytes) => [bytes, faultOf(bytes, limits, all)]).filter(([, found]) => found);
      expect(faults).toEqual([]);
    },
  );

  it('in 1,000,000 sizes from 0 to 48.8 TiB, at any threshold and range size', () => {
    const next = draws(SEED);
    // as many small sizes as large ones: the exponent is drawn, and every tenth size is an edge's neighbour
    const size = (top: number): number => Math.floor(2 ** (next() * Math.log2(top + 1))) - 1;
    const edge = (): number => EDGES[Math.floor(next() * EDGES.length)] ?? 0;
    let ranged = 0;
    const look = (count: number): number[] => {
      ranged++;
      return [1, Math.ceil(next() * count) || 1, count - 1 || 1, count];
    };
    const faults: string[] = [];
    for (let i = 0; i < 1_000_000; i++) {
      const bytes = next() < 0.1 ? edge() : Math.min(size(MAX_COPY_BYTES), MAX_COPY_BYTES);
      const limits = next() < 0.5 ? COPY_LIMITS : { wholeUpToBytes: size(5e9), rangeBytes: size(6 * GIB) };
      const found = faultOf(bytes, limits, look);
      if (found) faults.push(`${bytes} ${JSON.stringify(limits)}: ${found}`);
    }
    expect(faults.slice(0, 5)).toEqual([]);
    expect(ranged).toBeGreaterThan(300_000);
  });
});
