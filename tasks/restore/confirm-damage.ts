import { deepVerify } from '../../lib/runtime/verify/deep-verify.ts';
import { recordDamage } from '../../lib/runtime/verify/record-damage.ts';
import type { ItemDependencies } from './item.ts';

/**
 * Reads a backup again that a restore found damaged, and where it still is, says so beside it: it counts as no backup from then
 * on. That it could not be read says nothing of it.
 */
export async function confirmDamage(
  key: string,
  { vault, clients, signal, now }: Pick<ItemDependencies, 'vault' | 'clients' | 'signal'> & { readonly now: () => Date },
): Promise<void> {
  const finding = await deepVerify(key, { vault, clients: await clients(), signal });
  if (finding.result !== 'damaged') return;
  const versionId = (await vault.head(key))?.versionId;
  await recordDamage(vault, {
    key,
    ...(versionId && { versionId }),
    foundAt: now().toISOString(),
    foundBy: 'restore',
    problem: finding.problem,
  });
}
