import { Failure } from '../outcomes.ts';
import { MAX_PART_BYTES, MAX_PARTS, MIN_PART_BYTES } from './part-plan.ts';

const MIB = 1024 ** 2;

/** How objects of different sizes are copied. */
export interface CopyLimits {
  /** Larger objects are copied in ranges. @default 5 GB, the most that CopyObject takes */
  readonly wholeUpToBytes: number;
  /** A range has so many bytes, and more only where the object does not fit the parts of one upload otherwise. @default 256 MiB */
  readonly rangeBytes: number;
}

/** Ranges are copied many at a time, so they are small enough that the smallest copy in ranges has 19 of them. */
export const COPY_LIMITS: CopyLimits = { wholeUpToBytes: 5_000_000_000, rangeBytes: 256 * MIB };

/** 48.8 TiB: what fits the parts of one upload. S3's own limit for an object is 50 TB. */
export const MAX_COPY_BYTES = MAX_PARTS * MAX_PART_BYTES;

/** A copy in `count` ranges, all of `rangeBytes` but for the last. */
export interface RangedCopy {
  readonly kind: 'ranges';
  readonly bytes: number;
  readonly rangeBytes: number;
  readonly count: number;
}

export type CopyPlan = { readonly kind: 'whole' } | RangedCopy;

/** Decides how an object of that size is copied. Throws a `Failure` where nothing can copy it. */
export function planCopy(bytes: number, limits: CopyLimits = COPY_LIMITS): CopyPlan {
  if (bytes > MAX_COPY_BYTES) {
    throw new Failure('storage', `${bytes} bytes do not fit the ${MAX_PARTS} ranges of ${MAX_PART_BYTES} bytes that S3 copies`);
  }
  // an object without bytes has no range to copy
  if (bytes === 0 || bytes <= limits.wholeUpToBytes) return { kind: 'whole' };
  const needed = Math.ceil(bytes / (MAX_PARTS * MIB)) * MIB;
  const rangeBytes = Math.min(Math.max(limits.rangeBytes, needed, MIN_PART_BYTES), MAX_PART_BYTES);
  return { kind: 'ranges', bytes, rangeBytes, count: Math.ceil(bytes / rangeBytes) };
}

/** The first and the last byte of range `number` (from 1), counted from 0 as HTTP does. */
export function rangeOf({ bytes, rangeBytes }: RangedCopy, number: number): { readonly first: number; readonly last: number } {
  return { first: (number - 1) * rangeBytes, last: Math.min(number * rangeBytes, bytes) - 1 };
}
