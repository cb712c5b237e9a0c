import { z } from 'zod';
import { PlanName } from '../run/plan-name.ts';
import { SlotText } from '../time/slot.ts';
import { SweepPlan } from './sweep-decision.ts';

/** What a run swept away and what it left, with reasons. Written before anything is removed. */
export const SweepRecord = z.strictObject({
  version: z.literal(1),
  slot: SlotText,
  plan: PlanName.optional(),
  attempt: z.number().int().positive(),
  at: z.iso.datetime(),
  ...SweepPlan.shape,
});
export type SweepRecord = z.infer<typeof SweepRecord>;
