import { z } from 'zod';
import { RetentionDecision } from '../../domain/retention/retention-decision.ts';
import { Keep } from '../../domain/source/source.ts';
import { SourceId } from '../../domain/source/source-id.ts';

const count = z.number().int().nonnegative();

/** What `retention --json` prints. */
export const RetentionOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('retention'),
  vault: z.string().describe('Name of the bucket'),
  at: z.iso.datetime().describe('The instant by which ages were judged'),
  kept: count,
  removed: count.describe('What a run would remove; nothing was removed now'),
  sources: z.array(
    z.strictObject({
      sourceId: SourceId,
      keep: Keep.nullable().describe(
        'Its keep rules in its newest run; null where they are not known, or it lies in the archive',
      ),
      decisions: z.array(RetentionDecision).describe('Newest first. Empty where nothing can be decided'),
      undecided: z.string().nullable().describe('Why nothing can be decided, and so everything is kept'),
    }),
  ),
});
export type RetentionOutput = z.infer<typeof RetentionOutput>;
