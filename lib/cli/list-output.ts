import { z } from 'zod';
import { PROOFS } from '../domain/manifest.ts';
import { SlotText } from '../domain/slot.ts';
import { SourceId } from '../domain/source-id.ts';
import { TIERS } from '../domain/tiers.ts';
import { FindingOutput } from './run-output.ts';

const count = z.number().int().nonnegative();

/** What `list --json` prints. */
export const ListOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('list'),
  vault: z.string().describe('Name of the bucket'),
  at: z.iso.datetime().describe('When the list was made; ages count from here'),
  total: count.describe('Backups that match: those listed, and those cut off by --limit'),
  totalBytes: count,
  backups: z.array(
    z.strictObject({
      key: z.string(),
      slot: SlotText,
      sourceId: SourceId,
      tier: z.enum(TIERS),
      bytes: count,
      tables: count,
      rows: count,
      proof: z.enum(PROOFS),
      createdAt: z.iso.datetime(),
      ageSeconds: z.number().int().describe('Seconds since the slot'),
    }),
  ),
  withoutManifest: z.array(z.string()).describe('Keys of objects without a manifest: no backups'),
  foreign: z.array(z.string()).describe('Keys that nightproof does not write'),
  findings: z.array(FindingOutput).describe('Damaged manifests, and manifests whose object is gone or has another size'),
});
export type ListOutput = z.infer<typeof ListOutput>;
