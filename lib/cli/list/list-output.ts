import { z } from 'zod';
import { Manifest, PROOFS } from '../../domain/backup/manifest.ts';
import { TIERS } from '../../domain/backup/tiers.ts';
import { PlanName } from '../../domain/run/plan-name.ts';
import { Counts } from '../../domain/run/source-outcome.ts';
import { SourceId } from '../../domain/source/source-id.ts';
import { SlotText } from '../../domain/time/slot.ts';
import { FindingOutput } from '../run/run-output.ts';

const count = z.number().int().nonnegative();

/** How the last drill of a backup went. */
export const LastDrillOutput = z.strictObject({
  at: z.iso.datetime(),
  result: z.enum(['passed', 'failed']),
  restoreSeconds: z.number().nonnegative().describe('From the first byte fetched to the last table that was there'),
});
export type LastDrillOutput = z.infer<typeof LastDrillOutput>;

/** One backup in a list. */
export const ListedOutput = z.strictObject({
  key: z.string(),
  slot: SlotText.describe('Of the run that made it'),
  plan: PlanName.describe('Of the run that made it'),
  date: z.string().nullable().describe('Of a dated folder: its date; of anything else null'),
  sourceId: SourceId,
  kind: Manifest.shape.kind,
  tier: z.enum(TIERS),
  bytes: count,
  counts: Counts.describe('What it holds, in the numbers of its kind'),
  encrypted: z.boolean().describe('Whether an age identity is needed to read it'),
  proof: z.enum(PROOFS).describe('"drilled" where its last drill passed'),
  lastDrill: LastDrillOutput.nullable().describe(
    'Of this backup or of a copy of it in another tier; null where it was never drilled',
  ),
  createdAt: z.iso.datetime(),
  ageSeconds: z.number().int().describe('Seconds since the slot; in the archive since the date'),
  keepRule: z
    .union([z.string(), z.number()])
    .nullable()
    .describe('The keep rule of its tier as written; null where there is none, or none is known'),
  retentionUntil: z.iso
    .datetime()
    .nullable()
    .describe('Until when that rule keeps it; null where time alone does not end it. Never removed before, perhaps later'),
});
export type ListedOutput = z.infer<typeof ListedOutput>;

/** What `list --json` prints. */
export const ListOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('list'),
  vault: z.string().describe('Name of the bucket'),
  at: z.iso.datetime().describe('When the list was made; ages count from here'),
  total: count.describe('Backups that match: those listed, and those cut off by --limit'),
  totalBytes: count,
  backups: z.array(ListedOutput),
  withoutManifest: z.array(z.string()).describe('Keys of objects without a manifest: no backups'),
  foreign: z.array(z.string()).describe('Keys that nightproof does not write'),
  findings: z
    .array(FindingOutput)
    .describe('Backups that were found damaged, damaged manifests, and manifests whose object is gone or has another size'),
});
export type ListOutput = z.infer<typeof ListOutput>;
