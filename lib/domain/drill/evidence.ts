import { z } from 'zod';
import { Sha256 } from '../backup/receipt.ts';
import { FailureFacts } from '../outcomes.ts';
import { SOURCE_KINDS } from '../source/source.ts';
import { SourceId } from '../source/source-id.ts';
import { SlotText } from '../time/slot.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

export const DRILL_PHASES = ['manifest', 'fetch', 'server', 'restore', 'compare', 'probes'] as const;
export type DrillPhase = (typeof DRILL_PHASES)[number];

const common = {
  version: z.literal(1),
  /** The artifact that was restored. */
  key: z.string(),
  sourceId: SourceId,
  kind: z.enum(SOURCE_KINDS),
  slot: SlotText,
  sha256: Sha256,
  at: z.iso.datetime(),
  /** Each phase that was reached. */
  seconds: z.partialRecord(z.enum(DRILL_PHASES), seconds),
  server: z.strictObject({ version: z.string() }).optional(),
  /** What was compared with the manifest, table by table or file by file. */
  compared: z.strictObject({ tables: count, rows: count, files: count, bytes: count }),
  /** Entries of the archive that a restore without a superuser leaves out, as `EVENT TRIGGER - audit`. */
  skipped: z.array(z.string()),
  probes: z.array(z.strictObject({ sql: z.string(), passed: z.boolean(), answer: z.string() })),
  warnings: z.array(z.string()),
};

/** What a restore test showed: `drills/<stem>/<slot>.json`, written once by the task that made it. */
export const DrillEvidence = z.discriminatedUnion('result', [
  z.strictObject({ ...common, result: z.literal('passed') }),
  z.strictObject({
    ...common,
    result: z.literal('failed'),
    phase: z.enum(DRILL_PHASES),
    failure: FailureFacts,
    /** Each table (or file) that differs, and how. */
    differences: z.array(z.strictObject({ what: z.string(), difference: z.string() })),
  }),
]);
export type DrillEvidence = z.infer<typeof DrillEvidence>;

/** How long a restore took, from the first byte fetched to the last table that was there: what a recovery would take at least. */
export const restoreSeconds = ({ seconds: { fetch = 0, server = 0, restore = 0 } }: DrillEvidence): number =>
  fetch + server + restore;

/** What a drill run found, all its backups together: `drills/plans/<name>.record.json`. */
export const DrillRecord = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  execution: z.string(),
  stamp: SlotText,
  trigger: z.enum(['schedule', 'manual']),
  finishedAt: z.iso.datetime(),
  status: z.enum(['passed', 'failed']),
  drills: z.array(
    z.strictObject({
      key: z.string(),
      sourceId: SourceId,
      result: z.enum(['passed', 'failed']),
      restoreSeconds: seconds,
      failure: FailureFacts.optional(),
      evidenceKey: z.string(),
    }),
  ),
});
export type DrillRecord = z.infer<typeof DrillRecord>;
