import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { TryRecords } from '../../lib/runtime/try-records.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

/**
 * The receipt of the object that lies under the key already, if one does: an earlier try completed it and died before it could
 * say so. An object that no receipt agrees with, in size and checksum, is not ours and is left alone.
 */
export async function adoptStored(vault: Vault, tries: TryRecords, key: string): Promise<Receipt | undefined> {
  const stored = await vault.head(key);
  if (!stored) return undefined;
  for await (const record of tries.all()) {
    if (record.result !== 'receipt') continue;
    const { receipt } = record;
    if (receipt.key === key && receipt.bytes === stored.bytes && receipt.crc32 === stored.crc32) return receipt;
  }
  throw new Failure('conflict', `${key} exists (${stored.bytes} bytes), and no try of this slot has a receipt for it`);
}
