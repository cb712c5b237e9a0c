import { z } from 'zod';
import { DatabaseSource, DatedFolderSource } from './source.ts';
import { SourceId } from './source-id.ts';

/** A source that nobody wrote down: it was found by a group. */
export const FoundSource = z.discriminatedUnion('kind', [DatabaseSource, DatedFolderSource]);
export type FoundSource = z.infer<typeof FoundSource>;

/** What the task of one group found. */
export const GroupFindings = z.strictObject({
  version: z.literal(1),
  groupId: SourceId,
  at: z.iso.datetime(),
  /** Sources to back up now. */
  sources: z.array(FoundSource),
  /** Names of all that there is, those included that need nothing now; the next run tells by them what came and went. */
  present: z.array(z.string()),
  /** What the operator should know: what appeared or vanished, what waits and why. */
  notes: z.array(z.string()),
});
export type GroupFindings = z.infer<typeof GroupFindings>;

/** What all groups of a run found together; written once, before the first job starts. */
export const Found = z.strictObject({
  version: z.literal(1),
  sources: z.array(FoundSource),
  /** Those of them that an earlier attempt verified in this slot. */
  alreadyVerified: z.array(SourceId),
  /** Groups whose task failed: what they hold is not known. */
  failedGroups: z.array(SourceId),
  notes: z.array(z.strictObject({ groupId: SourceId, text: z.string() })),
});
export type Found = z.infer<typeof Found>;

export const NOTHING_FOUND: Found = { version: 1, sources: [], alreadyVerified: [], failedGroups: [], notes: [] };
