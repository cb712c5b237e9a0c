import { Found } from '../domain/found.ts';
import { foundKey } from '../domain/keys.ts';
import type { Plan } from '../domain/plan.ts';
import { groupsOf } from '../domain/plan-night.ts';
import type { Vault } from '../runtime/vault.ts';
import { readDocument } from './vault-document.ts';

/** What the groups of an attempt turned out to hold; undefined where it has none, where that is not known yet, or cannot be read. */
export async function foundOf(vault: Vault, plan: Plan): Promise<Found | undefined> {
  if (groupsOf(plan).length === 0) return undefined;
  const document = await readDocument(vault, foundKey(plan), Found);
  return 'found' in document ? document.found : undefined;
}
