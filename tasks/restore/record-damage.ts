import type { DamageRecord } from '../../lib/domain/backup/damage.ts';
import { damagedKey } from '../../lib/domain/backup/keys.ts';
import { deepVerify } from '../../lib/runtime/verify/deep-verify.ts';
import type { RestoreTaskDependencies } from './restore-task.ts';

/**
 * Reads a backup again that a restore found damaged, and where it still is, says so beside it: it counts as no backup from then
 * on. That it could not be read says nothing of it.
 */
export async function recordDamage(
  key: string,
  { vault, clients, signal, now }: Pick<RestoreTaskDependencies, 'vault' | 'clients' | 'signal' | 'now'>,
): Promise<void> {
  const finding = await deepVerify(key, { vault, clients: await clients(), signal });
  if (finding.result !== 'damaged') return;
  const versionId = (await vault.head(key))?.versionId;
  const record: DamageRecord = {
    version: 1,
    key,
    ...(versionId && { versionId }),
    foundAt: now().toISOString(),
    foundBy: 'restore',
    problem: finding.problem,
  };
  await vault.putOnce(damagedKey(key), record);
}
