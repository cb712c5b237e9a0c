import { z } from 'zod';
import { FailureFacts } from '../outcomes.ts';

const count = z.number().int().nonnegative();

/** A share of all backups, as `5%`. */
export const ShareText = z
  .string()
  .regex(/^([1-9]|[1-9]\d|100)%$/, { error: 'must be a share of all backups, from "1%" to "100%"' });

/** The input of a patrol's execution: from the schedule, or by hand. */
export const PatrolRequest = z.union([
  z.strictObject({ scheduledTime: z.iso.datetime() }),
  z.strictObject({ keys: z.array(z.string().min(1).max(1024)).min(1) }),
  z.strictObject({ share: ShareText }),
]);
export type PatrolRequest = z.infer<typeof PatrolRequest>;

/** What a patrol is to read again: `patrols/<name>/plan.json`. */
export const PatrolPlan = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  execution: z.string(),
  requestedAt: z.iso.datetime(),
  share: ShareText.optional(),
  /** How many backups there were to choose from. */
  of: count,
  keys: z.array(z.string()),
});
export type PatrolPlan = z.infer<typeof PatrolPlan>;

/** What reading a backup again showed. `unread`: nothing can be said of it, for a reason that is not the backup's. */
export const PatrolFinding = z.discriminatedUnion('result', [
  z.strictObject({ key: z.string(), result: z.literal('intact'), bytes: count, decoded: z.boolean() }),
  z.strictObject({ key: z.string(), result: z.literal('damaged'), problem: z.string() }),
  z.strictObject({ key: z.string(), result: z.literal('unread'), failure: FailureFacts }),
]);
export type PatrolFinding = z.infer<typeof PatrolFinding>;

/** What the task found: `patrols/<name>/findings.json`. */
export const PatrolFindings = z.strictObject({ version: z.literal(1), findings: z.array(PatrolFinding) });
export type PatrolFindings = z.infer<typeof PatrolFindings>;

/** What a patrol came to: `patrols/<name>.json`, written last. */
export const PatrolRecord = z.strictObject({
  version: z.literal(1),
  ...PatrolPlan.pick({ name: true, execution: true, requestedAt: true, share: true, of: true }).shape,
  finishedAt: z.iso.datetime(),
  status: z.enum(['intact', 'damaged', 'failed']),
  checked: count,
  bytes: count,
  damaged: z.array(z.strictObject({ key: z.string(), problem: z.string() })),
  /** Planned and not read. */
  unread: z.array(z.string()),
});
export type PatrolRecord = z.infer<typeof PatrolRecord>;
