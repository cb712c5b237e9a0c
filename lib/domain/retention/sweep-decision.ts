import { z } from 'zod';

/** Why something that belongs to no backup goes or stays: a closed set. Only the first two speak for removal. */
export const SWEEP_CODES = [
  /** An upload that was begun longer ago than any run lasts. */
  'upload-abandoned',
  /** An artifact, or the list of its members, that no run is going to write a manifest for any more. */
  'no-manifest',
  /** A run that is still alive may be writing it. */
  'may-be-in-flight',
  /** Another run is alive, and a run may adopt what an earlier one has left behind. */
  'run-alive',
  /** Its turn comes in a later run. */
  'sweep-cap',
  /** The objects came out of order or not all of them came, so what has a manifest cannot be told. */
  'listing-in-doubt',
  /** A manifest whose artifact is gone. What became of it is for people to find out. */
  'damaged',
  /** Nightproof does not write such keys, so it does not remove them either. */
  'unknown-key',
] as const;

export type SweepCode = (typeof SWEEP_CODES)[number];

/** What becomes of one object or open upload. */
export const SweepDecision = z.strictObject({
  key: z.string(),
  /** Only where the decision is about an open upload. */
  uploadId: z.string().optional(),
  action: z.enum(['remove', 'abort', 'leave']),
  reason: z.strictObject({ code: z.enum(SWEEP_CODES), text: z.string() }),
});
export type SweepDecision = z.infer<typeof SweepDecision>;

/** All that a sweep removes and aborts, and of what it leaves the first few of each code; `counts` has them all. */
export const SweepPlan = z.strictObject({
  decisions: z.array(SweepDecision),
  counts: z.partialRecord(z.enum(SWEEP_CODES), z.number().int().positive()),
});
export type SweepPlan = z.infer<typeof SweepPlan>;
