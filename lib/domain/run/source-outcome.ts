import { z } from 'zod';
import { FailureFacts } from '../outcomes.ts';
import { SourceId } from '../source/source-id.ts';
import { SlotText } from '../time/slot.ts';

const count = z.number().int().nonnegative();

/** What a backup holds, in the numbers that its kind has. */
export const Counts = z.discriminatedUnion('of', [
  z.strictObject({ of: z.literal('database'), tables: count, rows: count }),
  z.strictObject({ of: z.literal('globals'), roles: count, settings: count }),
  z.strictObject({ of: z.literal('tree'), files: count, bytes: count }),
]);
export type Counts = z.infer<typeof Counts>;

/** What became of one source in one attempt: the record the report reads. */
export const SourceOutcome = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('verified'),
    sourceId: SourceId,
    slot: SlotText,
    at: z.iso.datetime(),
    manifestKey: z.string(),
    bytes: z.number().int().nonnegative(),
    counts: Counts,
    durationSeconds: z.number().nonnegative(),
    /** Keys of the copies made in other tiers. */
    promoted: z.array(z.string()),
    /** What the operator should know though the backup is good (a promotion that failed). */
    warnings: z.array(z.string()),
    tries: z.number().int().positive(),
  }),
  z.strictObject({
    status: z.literal('failed'),
    sourceId: SourceId,
    slot: SlotText,
    at: z.iso.datetime(),
    failure: FailureFacts,
    tries: z.number().int().positive(),
  }),
]);
export type SourceOutcome = z.infer<typeof SourceOutcome>;
