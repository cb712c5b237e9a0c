import { z } from 'zod';
import { SourceId } from '../source/source-id.ts';
import { SlotText } from '../time/slot.ts';
import { DrillPick } from './drill-settings.ts';

/** The input of a drill's execution: from the schedule, or by hand for one backup, or for some sources. */
export const DrillRequest = z.union([
  z.strictObject({ scheduledTime: z.iso.datetime() }),
  z.strictObject({ key: z.string().min(1).max(1024), reason: z.string().max(500).optional() }),
  z.strictObject({
    sources: z.array(SourceId).min(1).optional(),
    pick: DrillPick.optional(),
    reason: z.string().max(500).optional(),
  }),
]);
export type DrillRequest = z.infer<typeof DrillRequest>;

/** One backup that is to be drilled. */
export const DrillItem = z.strictObject({
  n: z.number().int().nonnegative(),
  key: z.string(),
  sourceId: SourceId,
  /** Where its evidence goes. */
  evidenceKey: z.string(),
  probes: z.array(z.string()),
});
export type DrillItem = z.infer<typeof DrillItem>;

/** What a drill run is to do: `drills/plans/<name>.json`. */
export const DrillPlan = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  execution: z.string(),
  stamp: SlotText,
  trigger: z.enum(['schedule', 'manual']),
  reason: z.string().optional(),
  items: z.array(DrillItem),
  /** Sources without a backup that could be drilled, and why. */
  passedOver: z.array(z.strictObject({ sourceId: SourceId, why: z.string() })),
});
export type DrillPlan = z.infer<typeof DrillPlan>;

/** An item of the Map: what it is about stands in the plan. */
const DrillMapItem = z.strictObject({ n: z.number().int().nonnegative() });

/**
 * What the task of one drill is told. It has no rights on AWS: all that it may read or write are these addresses, each for one object and a
 * limited time. They travel in the payload because a task without rights can look up nothing.
 */
export const DrillOrder = z.strictObject({
  archiveUrl: z.string(),
  manifestUrl: z.string(),
  /** A PUT that succeeds once (`If-None-Match: *`). */
  evidenceUrl: z.string(),
  /** JSON array of SQL texts. */
  probes: z.string(),
});
export type DrillOrder = z.infer<typeof DrillOrder>;

export const DrillPlanResult = z.strictObject({
  name: z.string(),
  planKey: z.string(),
  items: z.array(DrillMapItem),
});
export type DrillPlanResult = z.infer<typeof DrillPlanResult>;
