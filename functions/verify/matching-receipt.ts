import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { readTries } from '../../lib/runtime/run-documents.ts';
import type { StoredObject } from '../../lib/runtime/vault.ts';

export type Tries = Awaited<ReturnType<typeof readTries>>;

/** A task that dies right after it completed the object leaves a receipt that a later try adopts; so any receipt may be the one. */
export function matchingReceipt(stored: StoredObject, tries: Tries): { readonly tryKey: string; readonly receipt: Receipt } {
  const receipts = tries.flatMap(({ key, record }) =>
    record.result === 'receipt' ? [{ tryKey: key, receipt: record.receipt }] : [],
  );
  const match = receipts.find(({ receipt }) => receipt.bytes === stored.bytes && receipt.crc32 === stored.crc32);
  if (match) return match;

  const newest = receipts[0]?.receipt;
  const said = newest
    ? `the newest of ${receipts.length} receipts says ${newest.bytes} bytes, CRC32 ${newest.crc32}`
    : 'there is no receipt';
  throw new Failure('damaged', `${stored.key} has ${stored.bytes} bytes, CRC32 ${stored.crc32 ?? 'unknown'}; ${said}`);
}
