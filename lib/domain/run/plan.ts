import { z } from 'zod';
import { WEEKDAYS } from '../config/config.ts';
import { ConfiguredSource } from '../source/source.ts';
import { SourceId } from '../source/source-id.ts';
import { SlotText } from '../time/slot.ts';
import { PlanName } from './plan-name.ts';

/**
 * The input of an execution. From a schedule: the time it stands for, and whose plan. By hand: which sources, or all of which plan,
 * why, and which earlier slot to finish.
 */
export const ExecutionInput = z.union([
  z.strictObject({ scheduledTime: z.iso.datetime(), plan: PlanName.optional() }),
  z.strictObject({
    sources: z.array(SourceId).min(1).optional(),
    plan: PlanName.optional(),
    reason: z.string().max(500).optional(),
    slot: SlotText.optional(),
  }),
]);
export type ExecutionInput = z.infer<typeof ExecutionInput>;

/** The claim of one attempt at a slot and all that its steps need to know; frozen for the run, so a deployment in mid-night changes nothing. */
export const Plan = z.strictObject({
  version: z.literal(1),
  slot: SlotText,
  /** @default "nightly" */
  plan: PlanName.optional(),
  attempt: z.number().int().positive(),
  /** The execution that owns this attempt, by ARN. */
  execution: z.string(),
  trigger: z.enum(['schedule', 'manual']),
  reason: z.string().optional(),
  claimedAt: z.iso.datetime(),
  /** How long after its time a scheduled run started, where that is more than its schedule tolerates. */
  lateSeconds: z.number().positive().optional(),
  /** After this instant the owner cannot be running any more, and the slot may be claimed again. */
  leaseUntil: z.iso.datetime(),
  timeZone: z.string(),
  weeklyDay: z.enum(WEEKDAYS),
  /** Somebody named some sources by hand: what they make fills gaps, and is no set of its own. */
  named: z.boolean().optional(),
  /** What was asked for. Groups among them become sources of their own once their task has looked. */
  sources: z.array(ConfiguredSource),
  /** Sources that an earlier attempt verified in this slot already; they are not backed up again. */
  alreadyVerified: z.array(SourceId),
  /** Whether S3 copies the vault into another region; the report then looks whether it did. */
  offsite: z.boolean().optional(),
  /** What the configuration names as deliberately not backed up. */
  notCovered: z.array(z.string()).optional(),
});
export type Plan = z.infer<typeof Plan>;

/** Which task definition a job needs: the one without mounts, or that of a volume. */
export const PLAIN_TASK = 'plain';

/** One item of a Map. */
export interface JobItem {
  readonly id: string;
  readonly task: string;
}

const counted = z.number().int().nonnegative();

/** What the plan step hands to the state machine. */
export const PlanResult = z.discriminatedUnion('claimed', [
  z.strictObject({
    claimed: z.literal(true),
    slot: SlotText,
    attempt: z.number().int().positive(),
    planKey: z.string(),
    jobsKey: z.string(),
    jobs: counted,
    /** Groups to look into before the jobs are known; small, since each was written by hand. */
    groups: z.array(z.strictObject({ id: SourceId, task: z.string() })),
  }),
  z.strictObject({ claimed: z.literal(false), slot: SlotText, reason: z.string() }),
]);
export type PlanResult = z.infer<typeof PlanResult>;
