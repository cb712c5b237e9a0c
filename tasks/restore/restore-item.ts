import { damagedKey } from '../../lib/domain/backup/keys.ts';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { RestoreItem, RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import { type Decryption, decryptionWith } from '../../lib/runtime/encryption/age-decryption.ts';
import { readStoredManifest } from '../../lib/runtime/verify/stored-manifest.ts';
import type { ItemDependencies, RestoredItem } from './item.ts';
import { restoreDatabaseItem, restoreGlobalsItem } from './server-items.ts';
import { restoreTreeItem } from './tree-item.ts';

/** Restores one backup of a plan. Throws a `Failure`. */
export async function restoreItem(
  plan: RestorePlan,
  item: RestoreItem,
  deps: Omit<ItemDependencies, 'decrypt'>,
): Promise<RestoredItem> {
  if (await deps.vault.head(damagedKey(item.key)))
    throw new Failure('damaged', `${item.key} was found damaged: ${damagedKey(item.key)} has what is wrong`);
  const manifest = await readStoredManifest(deps.vault, item.key);
  const decrypt = await decryptionFor(manifest, plan, deps);
  const opened = { ...deps, ...(decrypt && { decrypt }) };
  switch (item.kind) {
    case 'database':
      return restoreDatabaseItem(plan, item, manifest, opened);
    case 'globals':
      return restoreGlobalsItem(plan, manifest, opened);
    case 'files':
    case 'config':
    case 'datedFolder':
      return restoreTreeItem(plan, item, manifest, opened);
  }
}

async function decryptionFor(
  { key, receipt }: Manifest,
  { identity }: RestorePlan,
  { credentials }: Pick<ItemDependencies, 'credentials'>,
): Promise<Decryption | undefined> {
  if (!receipt.encryption) return undefined;
  if (identity === undefined) throw new Failure('identity', `${key} is encrypted, and the configuration has no restore.identity`);
  return decryptionWith(await credentials.secretText(identity));
}
