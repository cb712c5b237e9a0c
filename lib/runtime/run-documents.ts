import { z } from 'zod';
import type { DatabaseSource } from '../domain/config.ts';
import { RUNS_PREFIX, tryPrefix } from '../domain/keys.ts';
import { Failure } from '../domain/outcomes.ts';
import { Plan } from '../domain/plan.ts';
import { TryRecord } from '../domain/receipt.ts';
import type { Slot } from '../domain/slot.ts';
import { SourceId } from '../domain/source-id.ts';
import type { Vault } from './vault.ts';

/** The key of a plan in a payload; a step is never sent to read elsewhere. */
export const PlanKey = z.string().startsWith(RUNS_PREFIX);

/** What the steps of one job are called with. */
export const JobPayload = z.strictObject({ planKey: PlanKey, id: SourceId });

/** The plan that a step works by. */
export async function readPlan(vault: Vault, planKey: string): Promise<Plan> {
  const plan = await vault.readJson(planKey, Plan);
  if (!plan) throw new Failure('storage', `${planKey} is not in the vault, though the plan step wrote it`);
  return plan;
}

/** The source of that id in a plan. */
export function sourceIn(plan: Plan, id: string): DatabaseSource {
  const source = plan.sources.find((candidate) => candidate.id === id);
  if (!source) throw new Failure('internal', `${id} is no source of the plan of slot ${plan.slot}`);
  return source;
}

/** What the tries of the dump task left in this slot, newest first. */
export async function readTries(vault: Vault, slot: Slot, id: string): Promise<readonly { key: string; record: TryRecord }[]> {
  const tries: { key: string; record: TryRecord }[] = [];
  for await (const { key } of vault.list(tryPrefix(slot, id))) {
    const record = await vault.readJson(key, TryRecord);
    if (record) tries.push({ key, record });
  }
  return tries.sort((a, b) => (a.key < b.key ? 1 : -1));
}
