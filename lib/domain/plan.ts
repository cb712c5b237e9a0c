import { z } from 'zod';
import { DatabaseSource, WEEKDAYS } from './config.ts';
import { SlotText } from './slot.ts';
import { SourceId } from './source-id.ts';

/** The input of an execution. From the schedule: the time it stands for. By hand: which sources, why, and which earlier slot to finish. */
export const ExecutionInput = z.union([
  z.strictObject({ scheduledTime: z.iso.datetime() }),
  z.strictObject({
    sources: z.array(SourceId).min(1).optional(),
    reason: z.string().max(500).optional(),
    slot: SlotText.optional(),
  }),
]);
export type ExecutionInput = z.infer<typeof ExecutionInput>;

/** The claim of one attempt at a slot and all that its steps need to know; frozen for the run, so a deployment in mid-night changes nothing. */
export const Plan = z.strictObject({
  version: z.literal(1),
  slot: SlotText,
  attempt: z.number().int().positive(),
  /** The execution that owns this attempt, by ARN. */
  execution: z.string(),
  trigger: z.enum(['schedule', 'manual']),
  reason: z.string().optional(),
  claimedAt: z.iso.datetime(),
  /** After this instant the owner cannot be running any more, and the slot may be claimed again. */
  leaseUntil: z.iso.datetime(),
  timeZone: z.string(),
  weeklyDay: z.enum(WEEKDAYS),
  sources: z.array(DatabaseSource),
  /** Sources that an earlier attempt verified in this slot already; they are not dumped again. */
  alreadyVerified: z.array(SourceId),
});
export type Plan = z.infer<typeof Plan>;

/** One item of the Map. */
export interface JobItem {
  readonly id: string;
}

/** What the plan step hands to the state machine. */
export const PlanResult = z.discriminatedUnion('claimed', [
  z.strictObject({
    claimed: z.literal(true),
    slot: SlotText,
    attempt: z.number().int().positive(),
    planKey: z.string(),
    jobsKey: z.string(),
    jobs: z.number().int().nonnegative(),
  }),
  z.strictObject({ claimed: z.literal(false), slot: SlotText, reason: z.string() }),
]);
export type PlanResult = z.infer<typeof PlanResult>;
