import { Failure } from '../outcomes.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** S3 takes so many parts in one upload, and each of at least 5 MiB (but for the last) and at most 5 GiB. */
export const MAX_PARTS = 10_000;
export const MIN_PART_BYTES = 5 * MIB;
export const MAX_PART_BYTES = 5 * GIB;

/** Small, since a few parts are in memory at a time. */
const BASE_PART_BYTES = 16 * MIB;

/** Half of the parts are for twice the expected length; the other half is there if the expectation was wrong. */
const EVEN_PARTS = 5_000;

/** A part is this share of all before it: 172 parts reach 125 GiB, and the rest, of 5 GiB each, 48 TiB. */
const RAMP_SHARE = 0.04;

/** No part is much larger than the one before it, so that memory grows slowly where an expectation is passed. */
const RAMP_STEP = 1.08;

/** The size that part `partNumber` (from 1) must have, unless the stream ends in it. */
export type PartSizes = (partNumber: number) => number;

/**
 * Sizes the parts of a multipart upload whose length nobody knows beforehand.
 *
 * Without an expectation they grow so fast that any length up to 48 TiB fits. With one (the size of the database) they are
 * equal until twice that has passed, which a dump hardly ever does, and grow then; up to 24 TiB fit however wrong it was.
 * Asked for more parts than S3 takes, it throws a `Failure`.
 */
export function partSizes({ expectedBytes = 0 }: { readonly expectedBytes?: number } = {}): PartSizes {
  const evenUntil = 2 * expectedBytes;
  const base = clamp(wholeMiB(evenUntil / EVEN_PARTS), BASE_PART_BYTES, MAX_PART_BYTES);
  const sizes: number[] = [];
  let planned = 0;

  const next = (): number => {
    const last = sizes.at(-1) ?? base;
    if (planned < evenUntil && sizes.length < EVEN_PARTS) return base;
    return clamp(wholeMiB(Math.min(planned * RAMP_SHARE, last * RAMP_STEP)), base, MAX_PART_BYTES);
  };

  return (partNumber) => {
    if (partNumber > MAX_PARTS) throw new Failure('storage', `the dump does not fit the ${MAX_PARTS} parts that S3 takes`);
    while (sizes.length < partNumber) {
      const size = next();
      sizes.push(size);
      planned += size;
    }
    return sizes[partNumber - 1] ?? base;
  };
}

const wholeMiB = (bytes: number): number => Math.ceil(bytes / MIB) * MIB;

const clamp = (n: number, low: number, high: number): number => Math.min(Math.max(n, low), high);
