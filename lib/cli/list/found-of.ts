import { foundKey } from '../../domain/backup/keys.ts';
import type { Plan } from '../../domain/run/plan.ts';
import { groupsOf } from '../../domain/run/plan-night.ts';
import { Found } from '../../domain/source/found.ts';
import type { Vault } from '../../runtime/vault.ts';
import { readDocument } from '../place/vault-document.ts';

/** What the groups of an attempt turned out to hold; undefined where it has none, where that is not known yet, or cannot be read. */
export async function foundOf(vault: Vault, plan: Plan): Promise<Found | undefined> {
  if (groupsOf(plan).length === 0) return undefined;
  const document = await readDocument(vault, foundKey(plan), Found);
  return 'found' in document ? document.found : undefined;
}
