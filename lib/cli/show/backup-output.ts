import { z } from 'zod';
import { Manifest } from '../../domain/backup/manifest.ts';
import { Crc32 } from '../../domain/backup/receipt.ts';
import { DrillEvidence } from '../../domain/drill/evidence.ts';
import { ListedOutput } from '../list/list-output.ts';
import { FindingOutput } from '../run/run-output.ts';

/** What `show <key> --json` prints. */
export const BackupOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('backup'),
  vault: z.string().describe('Name of the bucket'),
  key: z.string(),
  manifest: Manifest.describe('The commit record, as it lies in the vault'),
  stored: z
    .strictObject({ bytes: z.number().int().nonnegative(), crc32: Crc32.nullable(), versionId: z.string().nullable() })
    .nullable()
    .describe('What S3 says of the object now; null where it is gone'),
  membersKey: z.string().nullable().describe('Of a tree: where the list of its members lies beside it'),
  keepRule: ListedOutput.shape.keepRule,
  retentionUntil: ListedOutput.shape.retentionUntil,
  drills: z.array(DrillEvidence).describe('What its last drills showed, the newest first; at most 10'),
  nextDrillAt: z.iso
    .datetime()
    .nullable()
    .describe('When the schedule drills next, whatever backups it picks then; null where that is not known'),
  findings: z.array(FindingOutput).describe('Where manifest and object disagree'),
});
export type BackupOutput = z.infer<typeof BackupOutput>;
