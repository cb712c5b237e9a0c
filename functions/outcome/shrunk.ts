import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import { sizeWarning } from '../../lib/domain/backup/size-warning.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { listBackups } from '../../lib/runtime/backups.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

/** Compares the size of a fresh daily with that of the newest one before it. What cannot be read warns of nothing: the backup is good. */
export async function shrunk(vault: Vault, { tier, sourceId, slot, receipt }: Manifest): Promise<string[]> {
  if (tier !== 'daily') return [];
  try {
    const earlier = (await listBackups(vault, sourceId, ['daily'])).filter((backup) => backup.slot < slot && !backup.damaged);
    const newest = earlier.sort((a, b) => (a.slot < b.slot ? 1 : -1))[0];
    const before = newest && (await vault.readJson(manifestKey(newest.key), Manifest));
    const warning = before && sizeWarning(receipt.bytes, { slot: before.slot, bytes: before.receipt.bytes });
    return warning === undefined ? [] : [warning];
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
