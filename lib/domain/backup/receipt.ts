import { z } from 'zod';
import { FailureFacts } from '../outcomes.ts';
import { SourceId } from '../source/source-id.ts';
import { SlotText } from '../time/slot.ts';
import { TreeContents } from './tree-contents.ts';

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** CRC32 (the polynomial of zlib and S3) as 8 hex digits; `crc32ToBase64` gives the spelling of the S3 API. */
export const Crc32 = z.string().regex(/^[0-9a-f]{8}$/);

/** S3 writes a CRC32 as base64 of its four bytes, big-endian. */
export const crc32ToBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
export const crc32FromBase64 = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

const count = z.number().int().nonnegative();

/** One table's data as it went through the stream: COPY text, without the end marker. */
export const TableContents = z.strictObject({
  schema: z.string(),
  name: z.string(),
  rows: count,
  bytes: count,
  sha256: Sha256,
});
export type TableContents = z.infer<typeof TableContents>;

/** What the decoded dump holds. */
export const DumpContents = z.strictObject({
  tables: z.array(TableContents),
  /** Large objects are data outside every table. */
  largeObjects: z.strictObject({ count, bytes: count, sha256: Sha256 }),
  /** `setval` calls, one for each sequence. */
  sequences: count,
});
export type DumpContents = z.infer<typeof DumpContents>;

/** What `pg_dumpall --globals-only` wrote. */
export const GlobalsContents = z.strictObject({
  roles: count,
  /** ALTER ROLE ... SET and ALTER DATABASE ... SET. */
  settings: count,
  tablespaces: count,
  /** False where the server does not hand out password hashes (RDS): after a restore, passwords must be set anew. */
  passwords: z.boolean(),
});
export type GlobalsContents = z.infer<typeof GlobalsContents>;

/** What a task saw while it made an artifact. Written just before the object is completed; without the object it means nothing. */
const common = {
  sourceId: SourceId,
  slot: SlotText,
  key: z.string(),
  /** Of the object as it is stored, encrypted or not. */
  bytes: count,
  sha256: Sha256,
  crc32: Crc32,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** Where it is encrypted: to whom, and what was encrypted. */
  encryption: z
    .strictObject({ format: z.literal('age'), recipients: z.array(z.string()).min(1), plainBytes: count, plainSha256: Sha256 })
    .optional(),
  warnings: z.array(z.string()),
};

const server = z.strictObject({ version: z.string(), major: count, databaseBytes: count });
const client = z.strictObject({ version: z.string(), compression: z.string() });

export const DatabaseReceipt = z.strictObject({
  ...common,
  kind: z.literal('database'),
  server,
  client,
  exitCodes: z.strictObject({ pgDump: z.literal(0), pgRestore: z.literal(0) }),
  contents: DumpContents,
});
export type DatabaseReceipt = z.infer<typeof DatabaseReceipt>;

export const GlobalsReceipt = z.strictObject({
  ...common,
  kind: z.literal('globals'),
  server: server.omit({ databaseBytes: true }),
  client,
  exitCodes: z.strictObject({ pgDumpall: z.literal(0) }),
  contents: GlobalsContents,
});
export type GlobalsReceipt = z.infer<typeof GlobalsReceipt>;

/** tar ends with 1 where files changed while it read them, and with 2 where some had vanished; the warnings name them. */
const tree = {
  ...common,
  client,
  exitCodes: z.strictObject({ tar: z.union([z.literal(0), z.literal(1), z.literal(2)]) }),
  contents: TreeContents,
};
export const TreeReceipt = z.discriminatedUnion('kind', [
  z.strictObject({ ...tree, kind: z.literal('files') }),
  z.strictObject({ ...tree, kind: z.literal('config') }),
  z.strictObject({ ...tree, kind: z.literal('datedFolder') }),
]);
export type TreeReceipt = z.infer<typeof TreeReceipt>;

export const Receipt = z.discriminatedUnion('kind', [DatabaseReceipt, GlobalsReceipt, TreeReceipt]);
export type Receipt = z.infer<typeof Receipt>;

/** What one try of the dump task left behind. */
export const TryRecord = z.discriminatedUnion('result', [
  z.strictObject({ result: z.literal('receipt'), receipt: Receipt }),
  z.strictObject({ result: z.literal('failure'), at: z.iso.datetime(), failure: FailureFacts }),
]);
export type TryRecord = z.infer<typeof TryRecord>;
