import { z } from 'zod';
import { TIERS } from '../backup/tiers.ts';
import { SlotText } from '../time/slot.ts';

/**
 * Why a backup is kept or removed: a closed set. Only `beyond-age` and `beyond-count` speak for removal; any other code
 * beside them is what saved the backup.
 */
export const RETENTION_CODES = [
  'within-age',
  'within-count',
  'forever',
  'archive',
  /** The configuration has no rule for its tier. A line that vanished from a file must not delete anything. */
  'no-rule',
  /** Its manifest stands, but it restores no more. It is for people to look at: it counts for nothing and is not removed. */
  'damaged',
  /** One of the newest verified backups of its source, which no rule removes. */
  'floor-newest-verified',
  /** Part of the newest complete set of a plan, which no rule removes. */
  'floor-newest-set',
  /** The clock and the backups disagree, so no age can be trusted. */
  'clock-in-doubt',
  /** Too much has vanished since the last look, so the listing may not be whole. */
  'listing-in-doubt',
  /** Its turn comes in a later run. */
  'removal-cap',
  'beyond-age',
  'beyond-count',
] as const;

export type RetentionCode = (typeof RETENTION_CODES)[number];

export const RetentionReason = z.strictObject({ code: z.enum(RETENTION_CODES), text: z.string() });
export type RetentionReason = z.infer<typeof RetentionReason>;

/** What becomes of one backup. `key` is its artifact's; the manifest goes with it. */
export const RetentionDecision = z.strictObject({
  key: z.string(),
  tier: z.enum(TIERS),
  slot: SlotText,
  action: z.enum(['keep', 'remove']),
  reasons: z.array(RetentionReason).min(1),
});
export type RetentionDecision = z.infer<typeof RetentionDecision>;
