import { artifactKey, artifactPrefix, damagedKey, manifestKey, parseArtifactKey } from '../domain/backup/keys.ts';
import type { Tier } from '../domain/backup/tiers.ts';
import type { VerifiedBackup } from '../domain/retention/retention.ts';
import type { Vault } from './vault.ts';

/**
 * The backups of one source in these tiers. Each has a manifest: what lies there without one is no backup. One whose artifact is
 * gone is called damaged, and so is one beside which a reader left the record that it is: its manifest promises what nobody can restore.
 */
export async function listBackups(vault: Vault, sourceId: string, tiers: readonly Tier[]): Promise<readonly VerifiedBackup[]> {
  // ids that begin alike share a prefix: `a_` lists the backups of `a` and those of `a_b`
  return (await listUnder(vault, tiers, (tier) => artifactPrefix(tier, sourceId))).get(sourceId) ?? [];
}

/** The same of every source that has any, by its id, in the order of the ids. */
export async function listAllBackups(
  vault: Vault,
  tiers: readonly Tier[],
): Promise<ReadonlyMap<string, readonly VerifiedBackup[]>> {
  const bySource = await listUnder(vault, tiers, (tier) => `${tier}/`);
  return new Map([...bySource].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether there is a backup under the key of this artifact, and nobody has found it damaged. */
export const isGoodBackup = async (vault: Pick<Vault, 'head'>, artifact: string): Promise<boolean> =>
  (await vault.head(manifestKey(artifact))) !== undefined && (await vault.head(damagedKey(artifact))) === undefined;

async function listUnder(
  vault: Vault,
  tiers: readonly Tier[],
  prefixOf: (tier: Tier) => string,
): Promise<ReadonlyMap<string, readonly VerifiedBackup[]>> {
  const bySource = new Map<string, VerifiedBackup[]>();
  for (const tier of tiers) {
    const artifacts = new Set<string>();
    const damaged = new Set<string>();
    const committed: { readonly sourceId: string; readonly backup: VerifiedBackup }[] = [];
    for await (const { key } of vault.list(prefixOf(tier))) {
      const name = parseArtifactKey(key);
      if (name?.part === 'artifact') artifacts.add(key);
      if (name?.part === 'damaged') damaged.add(artifactKey(name));
      if (name?.part === 'manifest')
        committed.push({ sourceId: name.sourceId, backup: { key: artifactKey(name), tier, slot: name.slot } });
    }
    for (const { sourceId, backup } of committed) {
      const known = bySource.get(sourceId);
      const whole = artifacts.has(backup.key) && !damaged.has(backup.key);
      const judged = whole ? backup : { ...backup, damaged: true };
      if (known) known.push(judged);
      else bySource.set(sourceId, [judged]);
    }
  }
  return bySource;
}
