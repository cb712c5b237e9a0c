import { z } from 'zod';
import { PlanName } from '../run/plan-name.ts';
import { SOURCE_KINDS } from '../source/source.ts';
import { SourceId } from '../source/source-id.ts';
import { STORAGE_CLASSES } from '../source/storage-class.ts';
import { SlotText } from '../time/slot.ts';
import { Crc32, Receipt, Sha256 } from './receipt.ts';
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
  /** Entries in a dump's table of contents, as `pg_restore --list` counts them; absent for what is no dump, or encrypted. */
  tocEntries: count.optional(),
});
export type Verification = z.infer<typeof Verification>;

/** How much is known of a backup. A manifest is written for `verified` only; `drilled` is told by the evidence under `drills/`. */
export const PROOFS = ['stored', 'verified', 'drilled'] as const;

/** The commit record of an artifact, beside it in the vault, written last and once. */
export const Manifest = z.strictObject({
  version: z.literal(1),
  sourceId: SourceId,
  kind: z.enum(SOURCE_KINDS),
  /** Of a dump: the database's own name. */
  database: z.string().optional(),
  /** Of a dated folder: its date, which stands in the key in place of the slot. */
  date: z.string().optional(),
  /** The slot of the run that made it. */
  slot: SlotText,
  /** The plan of that run. @default "nightly" */
  plan: PlanName.optional(),
  tier: z.enum(TIERS),
  key: z.string(),
  proof: z.literal('verified'),
  createdAt: z.iso.datetime(),
  receipt: Receipt,
  verification: Verification,
  /** Only in promoted tiers: the object this one was copied from. */
  copiedFrom: z.strictObject({ key: z.string(), versionId: z.string().optional() }).optional(),
  storageClass: z.enum(STORAGE_CLASSES).optional(),
});
export type Manifest = z.infer<typeof Manifest>;

/** The key of the member list of a tree, which lies beside each copy of its artifact; undefined for what is no tree. */
export function memberListOf({ key, receipt }: Pick<Manifest, 'key' | 'receipt'>): string | undefined {
  if (receipt.kind === 'database' || receipt.kind === 'globals') return undefined;
  // the receipt names the one beside the artifact that the task made
  return `${key}${receipt.contents.members.key.slice(receipt.key.length)}`;
}
