import { z } from 'zod';

const count = z.number().int().nonnegative();

/** What `restore --to --json` prints. */
export const RestoredFolderOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('restoredFolder'),
  vault: z.string().describe('Name of the bucket'),
  key: z.string(),
  folder: z.string().describe('Where it lies now'),
  files: count,
  bytes: count.describe('Of the backup as it is stored'),
  before: z.string().nullable().describe('Where what was there before lies now'),
  warnings: z.array(z.string()),
});
export type RestoredFolderOutput = z.infer<typeof RestoredFolderOutput>;
