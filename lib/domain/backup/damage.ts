import { z } from 'zod';

/** Who reads stored backups again. */
const DAMAGE_FINDERS = ['verify', 'patrol', 'restore', 'drill'] as const;

/** Lies beside a backup that was verified once and is not any more what its manifest says. Written once; nothing else is touched. */
export const DamageRecord = z.strictObject({
  version: z.literal(1),
  /** The artifact. */
  key: z.string(),
  /** The version of it that was read. */
  versionId: z.string().optional(),
  foundAt: z.iso.datetime(),
  foundBy: z.enum(DAMAGE_FINDERS),
  /** What is wrong with it: sizes, checksums, names of tables or files. */
  problem: z.string(),
});
export type DamageRecord = z.infer<typeof DamageRecord>;
