import { z } from 'zod';
import { PlanName } from '../run/plan-name.ts';
import { SourceId } from '../source/source-id.ts';
import { SlotText } from '../time/slot.ts';
import { Missing } from './listing-doubt.ts';
import { RetentionDecision } from './retention-decision.ts';

const count = z.number().int().nonnegative();

/** What retention decided in one attempt. Written before anything is removed, so that nothing vanishes without its reason on record. */
export const RetentionRecord = z.strictObject({
  version: z.literal(1),
  slot: SlotText,
  plan: PlanName.optional(),
  attempt: z.number().int().positive(),
  at: z.iso.datetime(),
  sources: z.array(
    z.discriminatedUnion('result', [
      z.strictObject({
        result: z.literal('decided'),
        sourceId: SourceId,
        decisions: z.array(RetentionDecision),
        missing: Missing.optional(),
        /** Slots of the complete sets that no rule could touch. */
        sets: z.array(SlotText).optional(),
      }),
      /** It has no verified backup in this slot, so all it has is kept. */
      z.strictObject({ result: z.literal('unverified'), sourceId: SourceId }),
      /** What it has is not known for sure, so all of it is kept. */
      z.strictObject({ result: z.literal('doubtful'), sourceId: SourceId, why: z.string() }),
    ]),
  ),
});
export type RetentionRecord = z.infer<typeof RetentionRecord>;

/** What the store refused to remove; there is no such document where it refused nothing. */
export const RetentionRefusals = z.strictObject({
  version: z.literal(1),
  slot: SlotText,
  plan: PlanName.optional(),
  attempt: z.number().int().positive(),
  at: z.iso.datetime(),
  refused: z.array(z.strictObject({ key: z.string(), code: z.string() })),
});
export type RetentionRefusals = z.infer<typeof RetentionRefusals>;

/** What the run record and the report say of it. */
export const RetentionSummary = z.discriminatedUnion('result', [
  z.strictObject({ result: z.literal('done'), kept: count, removed: count, warnings: z.array(z.string()) }),
  z.strictObject({ result: z.literal('failed'), detail: z.string() }),
  z.strictObject({ result: z.literal('skipped'), why: z.string() }),
]);
export type RetentionSummary = z.infer<typeof RetentionSummary>;
