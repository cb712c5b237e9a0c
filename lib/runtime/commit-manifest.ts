import { manifestKey } from '../domain/backup/keys.ts';
import { Manifest } from '../domain/backup/manifest.ts';
import { Failure } from '../domain/outcomes.ts';
import type { Vault } from './vault.ts';

/** Puts a manifest down once. One that is there already is ours, from an earlier call of this step, if it is about the same bytes. */
export async function commitManifest(vault: Vault, document: Manifest): Promise<void> {
  const key = manifestKey(document.key);
  if ((await vault.putOnce(key, document)) === 'written') return;
  const present = await vault.readJson(key, Manifest);
  const { bytes, sha256 } = document.receipt;
  if (present?.receipt.bytes !== bytes || present.receipt.sha256 !== sha256)
    throw new Failure('conflict', `${key} exists and is about other bytes`);
}
