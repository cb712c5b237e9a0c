import type { VerifiedBackup } from '../domain/retention/retention.ts';
import { isCompleteSet } from '../domain/retention/sets.ts';
import { Plan } from '../domain/run/plan.ts';
import type { PlanName } from '../domain/run/plan-name.ts';
import { sourcesOf } from '../domain/run/plan-night.ts';
import { artifactKeyOf } from '../domain/source/artifact-of.ts';
import type { Source } from '../domain/source/source.ts';
import type { Slot } from '../domain/time/slot.ts';
import { isGoodBackup } from './backups.ts';
import { inTurn } from './in-turn.ts';
import { pastRuns } from './past-runs.ts';
import { readFound } from './run-documents.ts';
import type { Vault } from './vault.ts';

export interface SetQuestion {
  readonly plan: PlanName;
  readonly upTo: Slot;
  /** Whether a source has a verified backup of a slot. */
  readonly has: (source: Source, slot: Slot) => Promise<boolean>;
}

const PLAN_DOCUMENT = /\/plan(?:\.\d+)?\.json$/;

/** The newest slot of a plan at which every source that was asked for has a verified backup; undefined where there is none. */
export async function newestSet(vault: Vault, { plan, upTo, has }: SetQuestion): Promise<Slot | undefined> {
  for await (const { slot, keys } of pastRuns(vault, plan, upTo)) {
    const attempts = await inTurn(
      keys.filter((key) => PLAN_DOCUMENT.test(key)),
      (key) => readAsked(vault, key),
    );
    const present = new Set<string>();
    const sources = new Map(attempts.flatMap((one) => one.sources.map((source) => [source.id, source] as const)));
    await inTurn([...sources.values()], async (source) => {
      if (await has(source, slot)) present.add(source.id);
    });
    const asked = attempts.map((one) => ({ slot, sources: one.sources.map(({ id }) => id), partial: one.partial }));
    if (isCompleteSet(asked, (id) => present.has(id))) return slot;
  }
  return undefined;
}

export interface ListedSetQuestion extends Omit<SetQuestion, 'has'> {
  /** Backups by source, as they were listed. */
  readonly listed: ReadonlyMap<string, readonly VerifiedBackup[]>;
}

/** The same by what was listed; of a source that was not, and of dated folders, which keep no slot, the vault is asked for each. */
export function newestListedSet(vault: Vault, { listed, ...question }: ListedSetQuestion): Promise<Slot | undefined> {
  const slots = new Map([...listed].map(([id, backups]) => [id, goodSlots(backups)] as const));
  const has = async (source: Source, slot: Slot): Promise<boolean> => {
    const known = source.kind === 'datedFolder' ? undefined : slots.get(source.id);
    return known ? known.has(slot) : isGoodBackup(vault, artifactKeyOf(source, slot));
  };
  return newestSet(vault, { ...question, has });
}

const goodSlots = (backups: readonly VerifiedBackup[]): ReadonlySet<Slot> =>
  new Set(backups.filter(({ damaged }) => !damaged).map(({ slot }) => slot));

interface Asked {
  readonly sources: readonly Source[];
  readonly partial: boolean;
}

/** What one attempt was asked for; with groups that nobody looked into it cannot have been whole. */
async function readAsked(vault: Vault, planKey: string): Promise<Asked> {
  const plan = await vault.readJson(planKey, Plan);
  if (!plan) return { sources: [], partial: true };
  const found = await readFound(vault, plan);
  const unknown = found === undefined ? plan.sources.length > sourcesOf(plan).length : found.failedGroups.length > 0;
  return { sources: sourcesOf(plan, found), partial: unknown || plan.named === true };
}
