import { z } from 'zod';
import { FailureFacts } from './outcomes.ts';
import { SlotText } from './slot.ts';
import { SourceId } from './source-id.ts';

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

/** What the dump task saw while it made an artifact. Written just before the object is completed; without the object it means nothing. */
export const Receipt = z.strictObject({
  sourceId: SourceId,
  slot: SlotText,
  key: z.string(),
  bytes: count,
  sha256: Sha256,
  crc32: Crc32,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  server: z.strictObject({ version: z.string(), major: count, databaseBytes: count }),
  client: z.strictObject({ version: z.string(), compression: z.string() }),
  exitCodes: z.strictObject({ pgDump: z.literal(0), pgRestore: z.literal(0) }),
  contents: DumpContents,
  warnings: z.array(z.string()),
});
export type Receipt = z.infer<typeof Receipt>;

/** What one try of the dump task left behind. */
export const TryRecord = z.discriminatedUnion('result', [
  z.strictObject({ result: z.literal('receipt'), receipt: Receipt }),
  z.strictObject({ result: z.literal('failure'), at: z.iso.datetime(), failure: FailureFacts }),
]);
export type TryRecord = z.infer<typeof TryRecord>;
