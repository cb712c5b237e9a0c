import { z } from 'zod';
import { Crc32, Sha256 } from '../../domain/backup/receipt.ts';

/** What `download --json` prints. */
export const DownloadOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('download'),
  vault: z.string().describe('Name of the bucket'),
  key: z.string(),
  file: z.string().describe('Where it lies now'),
  bytes: z.number().int().nonnegative(),
  sha256: Sha256.describe('Of the file; the same as in the manifest'),
  crc32: Crc32,
  encrypted: z.boolean().describe('Whether an age identity is needed to read it'),
});
export type DownloadOutput = z.infer<typeof DownloadOutput>;
