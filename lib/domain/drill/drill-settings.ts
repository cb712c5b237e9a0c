import { z } from 'zod';
import { SourceId } from '../source/source-id.ts';
import { DurationText } from '../time/duration.ts';

const DRILL_PICKS = ['latest', 'random'] as const;

/** Which backup of a source is drilled: the newest, any, or the newest that is at least so old. */
export const DrillPick = z.union([z.enum(DRILL_PICKS), z.strictObject({ age: DurationText })]);
export type DrillPick = z.infer<typeof DrillPick>;

/** Questions in SQL, each answered by one row with one column that is true. */
const Probes = z.record(SourceId, z.array(z.string().min(1).max(10_000)).min(1));

/** What is written under `drill`, but for its schedule. */
export const drillFields = {
  pick: DrillPick.default('latest').describe('"latest", "random", or {age: 7d}: the newest backup that is at least so old'),
  most: z.number().int().min(1).max(200).default(10).describe('Backups drilled in one run; those that waited longest come first'),
  exclude: z.array(SourceId).default([]).describe('Sources that are never drilled by schedule'),
  probes: Probes.default({}).describe('SQL by source: each must answer with one row, one column, true'),
  storageGiB: z
    .number()
    .int()
    .min(21)
    .max(200)
    .default(21)
    .describe('Disk of the task: the archive and the restored database must fit'),
};
