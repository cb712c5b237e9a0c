import { artifactKey, artifactPrefix, parseArtifactKey } from '../domain/keys.ts';
import type { VerifiedBackup } from '../domain/retention.ts';
import type { Tier } from '../domain/tiers.ts';
import type { Vault } from './vault.ts';

/** The backups of one source in these tiers. Each has a manifest: what lies there without one is no backup. */
export async function listBackups(vault: Vault, sourceId: string, tiers: readonly Tier[]): Promise<readonly VerifiedBackup[]> {
  const backups: VerifiedBackup[] = [];
  for (const tier of tiers) {
    for await (const { key } of vault.list(artifactPrefix(tier, sourceId))) {
      const name = parseArtifactKey(key);
      // ids that begin alike share a prefix: `a_` lists the backups of `a` and those of `a_b`
      if (name?.manifest && name.sourceId === sourceId) backups.push({ key: artifactKey(name), tier, slot: name.slot });
    }
  }
  return backups;
}
