import { z } from 'zod';
import { Crc32, Receipt, Sha256 } from './receipt.ts';
import { SlotText } from './slot.ts';
import { SourceId } from './source-id.ts';
import { TIERS } from './tiers.ts';

const count = z.number().int().nonnegative();

/** What the verify step read off the stored object, apart from the task's word. Passed on in the execution's payload, so kept small. */
export const Verification = z.strictObject({
  at: z.iso.datetime(),
  /** The try record whose receipt the object agrees with. */
  tryKey: z.string(),
  bytes: count,
  crc32: Crc32,
  sha256: Sha256,
  /** Whether every stored byte was read again and hashed. Above `READ_BACK_LIMIT_BYTES` the CRC32 that S3 itself computed stands for it. */
  readBack: z.boolean(),
  versionId: z.string().optional(),
  /** Entries in the archive's table of contents, as `pg_restore --list` counts them. */
  tocEntries: count,
});
export type Verification = z.infer<typeof Verification>;

/** How much is known of a backup. A manifest is written for `verified` only; `drilled` is told by the evidence under `drills/`. */
export const PROOFS = ['stored', 'verified', 'drilled'] as const;

/** The commit record of an artifact, beside it in the vault, written last and once. */
export const Manifest = z.strictObject({
  version: z.literal(1),
  sourceId: SourceId,
  kind: z.literal('database'),
  database: z.string(),
  slot: SlotText,
  tier: z.enum(TIERS),
  key: z.string(),
  proof: z.literal('verified'),
  createdAt: z.iso.datetime(),
  receipt: Receipt,
  verification: Verification,
  /** Only in promoted tiers: the object this one was copied from. */
  copiedFrom: z.strictObject({ key: z.string(), versionId: z.string().optional() }).optional(),
});
export type Manifest = z.infer<typeof Manifest>;
