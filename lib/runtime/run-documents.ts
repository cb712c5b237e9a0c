import { z } from 'zod';
import { foundKey, RUNS_PREFIX, tryPrefix } from '../domain/backup/keys.ts';
import { TryRecord } from '../domain/backup/receipt.ts';
import { Failure } from '../domain/outcomes.ts';
import { Plan } from '../domain/run/plan.ts';
import { groupsOf, sourcesOf } from '../domain/run/plan-night.ts';
import { Found } from '../domain/source/found.ts';
import type { Source } from '../domain/source/source.ts';
import { SourceId } from '../domain/source/source-id.ts';
import type { Slot } from '../domain/time/slot.ts';
import type { Vault } from './vault.ts';

/** The key of a plan in a payload; a step is never sent to read elsewhere. */
export const PlanKey = z.string().startsWith(RUNS_PREFIX);

/** What the steps of one job are called with. */
export const JobPayload = z.strictObject({ planKey: PlanKey, id: SourceId });
export type JobPayload = z.infer<typeof JobPayload>;

/** The plan that a step works by. */
export async function readPlan(vault: Vault, planKey: string): Promise<Plan> {
  const plan = await vault.readJson(planKey, Plan);
  if (!plan) throw new Failure('storage', `${planKey} is not in the vault, though the plan step wrote it`);
  return plan;
}

/** What the groups of a run turned out to hold; undefined where it has none, or their findings are not put together yet. */
export const readFound = async (vault: Vault, plan: Plan): Promise<Found | undefined> =>
  groupsOf(plan).length === 0 ? undefined : vault.readJson(foundKey(plan), Found);

/** One job of a run: the source of that id, written down or found, and the plan it belongs to. */
export async function readJob(
  vault: Vault,
  { planKey, id }: JobPayload,
): Promise<{ readonly plan: Plan; readonly source: Source }> {
  const plan = await readPlan(vault, planKey);
  const written = sourcesOf(plan).find((candidate) => candidate.id === id);
  const source = written ?? (await readFound(vault, plan))?.sources.find((candidate) => candidate.id === id);
  if (!source) throw new Failure('internal', `${id} is no source of the run of slot ${plan.slot}`);
  return { plan, source };
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
