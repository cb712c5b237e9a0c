import { artifactKey, artifactPrefix, parseArtifactKey } from '../domain/backup/keys.ts';
import type { Tier } from '../domain/backup/tiers.ts';
import type { VerifiedBackup } from '../domain/retention/retention.ts';
import type { Vault } from './vault.ts';

/**
 * The backups of one source in these tiers. Each has a manifest: what lies there without one is no backup. One whose artifact is
 * gone is called damaged: its manifest promises what nobody can restore.
 */
export async function listBackups(vault: Vault, sourceId: string, tiers: readonly Tier[]): Promise<readonly VerifiedBackup[]> {
  const backups: VerifiedBackup[] = [];
  for (const tier of tiers) {
    const artifacts = new Set<string>();
    const committed: VerifiedBackup[] = [];
    for await (const { key } of vault.list(artifactPrefix(tier, sourceId))) {
      const name = parseArtifactKey(key);
      // ids that begin alike share a prefix: `a_` lists the backups of `a` and those of `a_b`
      if (name?.sourceId !== sourceId) continue;
      if (name.part === 'artifact') artifacts.add(key);
      if (name.part === 'manifest') committed.push({ key: artifactKey(name), tier, slot: name.slot });
    }
    backups.push(...committed.map((backup) => (artifacts.has(backup.key) ? backup : { ...backup, damaged: true })));
  }
  return backups;
}
