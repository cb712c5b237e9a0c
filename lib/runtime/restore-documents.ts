import { restorePlanKey } from '../domain/backup/operation-keys.ts';
import { Failure } from '../domain/outcomes.ts';
import { RestorePlan } from '../domain/restore/restore-plan.ts';
import type { Vault } from './vault.ts';

/** The plan that the steps of a restore work by. */
export async function readRestorePlan(vault: Vault, name: string): Promise<RestorePlan> {
  const plan = await vault.readJson(restorePlanKey(name), RestorePlan);
  if (!plan) throw new Failure('storage', `${restorePlanKey(name)} is not in the vault, though the plan step wrote it`);
  return plan;
}
