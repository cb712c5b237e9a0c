import { type ArtifactName, artifactKey, parseArtifactKey, type Run } from '../../domain/backup/keys.ts';
import { TIERS } from '../../domain/backup/tiers.ts';
import { isCompleteSet } from '../../domain/retention/sets.ts';
import type { Plan } from '../../domain/run/plan.ts';
import { groupsOf, sourcesOf } from '../../domain/run/plan-night.ts';
import { artifactOf } from '../../domain/source/artifact-of.ts';
import type { Found } from '../../domain/source/found.ts';
import { type Keep, keepOf, type Source } from '../../domain/source/source.ts';
import type { Slot } from '../../domain/time/slot.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Vault } from '../../runtime/vault.ts';
import { planNameOf } from '../run/run-name.ts';
import { readablePlansOf, runsAt, runsBackFrom } from '../show/find-run.ts';
import { foundOf } from './found-of.ts';

/** `partial`: somebody named some sources by hand, which is no set, however many of them are verified. */
export const SET_STATES = ['complete', 'incomplete', 'partial'] as const;
export type SetState = (typeof SET_STATES)[number];

/** All that one run made, as far as it is still there. */
export interface BackupSet {
  readonly run: Run;
  readonly state: SetState;
  /** The newest complete one of its plan: no keep rule removes it. */
  readonly survives: boolean;
  /** What was asked for. */
  readonly sources: readonly Source[];
  readonly backups: readonly ArtifactName[];
  /** Ids of sources that have no backup in it, and of groups of which it is not known what they hold. */
  readonly missing: readonly string[];
}

export interface SetQuery {
  readonly now: Date;
  /** Only the sets of this slot. */
  readonly slot?: Slot;
  readonly limit: number;
}

export interface BackupSets {
  readonly sets: readonly BackupSet[];
  /** The keep rule of each source, as the newest run that has it knows it. */
  readonly rules: ReadonlyMap<string, Keep>;
}

/** The sets in a vault, newest first. A run of which nothing is left is none. */
export async function findSets(vault: Vault, { now, slot, limit }: SetQuery): Promise<BackupSets> {
  const stock = await takeStock(vault);
  const sets: BackupSet[] = [];
  const rules = new Map<string, Keep>();
  const whole = new Set<string>();
  for await (const run of slot ? await runsAt(vault, slot) : runsBackFrom(vault, now)) {
    if (sets.length >= limit || run.slot < stock.oldest) break;
    const set = await setOf(vault, run, stock);
    for (const source of set.sources) {
      const keep = keepOf(source);
      if (keep && !rules.has(source.id)) rules.set(source.id, keep);
    }
    const plan = planNameOf(run);
    const survives = set.state === 'complete' && slot === undefined && !whole.has(plan);
    if (survives) whole.add(plan);
    if (set.backups.length > 0) sets.push({ ...set, survives });
  }
  return { sets, rules };
}

/** Names of what has a manifest and an object, and was not found damaged. */
interface Stock {
  readonly byStamp: ReadonlyMap<string, readonly ArtifactName[]>;
  /** Of all backups but those in the archive, which carry no slot. */
  readonly oldest: string;
}

const stampOf = (sourceId: string, slot: Slot, archived: boolean): string => `${archived ? 'archive ' : ''}${sourceId} ${slot}`;

async function takeStock(vault: Vault): Promise<Stock> {
  const artifacts = new Set<string>();
  const manifests: ArtifactName[] = [];
  for (const tier of TIERS)
    for await (const { key } of vault.list(`${tier}/`)) {
      const name = parseArtifactKey(key);
      if (name?.part === 'artifact') artifacts.add(key);
      // it is listed after its artifact
      if (name?.part === 'damaged') artifacts.delete(artifactKey(name));
      if (name?.part === 'manifest') manifests.push(name);
    }
  const byStamp = new Map<string, ArtifactName[]>();
  for (const name of manifests.filter((one) => artifacts.has(artifactKey(one)))) {
    const stamp = stampOf(name.sourceId, name.slot, name.tier === 'archive');
    byStamp.set(stamp, [...(byStamp.get(stamp) ?? []), name]);
  }
  const slots = manifests.flatMap(({ tier, slot }) => (tier === 'archive' ? [] : [slot]));
  // with nothing but archives, any run may have made them
  return { byStamp, oldest: slots.sort()[0] ?? '' };
}

async function setOf(vault: Vault, run: Run, { byStamp }: Stock): Promise<Omit<BackupSet, 'survives'>> {
  const attempts = await inTurn(await readablePlansOf(vault, run), async (plan) => {
    const found = await foundOf(vault, plan);
    return { plan, sources: sourcesOf(plan, found), unknown: unknownIn(plan, found) };
  });
  // of a source that several attempts were asked for, the last tells
  const sources = [...new Map(attempts.flatMap((one) => one.sources).map((one) => [one.id, one])).values()];
  const backups = new Map(sources.map((source) => [source.id, namesOf(source, run.slot, byStamp)]));
  const has = (id: string): boolean => (backups.get(id)?.length ?? 0) > 0;
  const asked = attempts.map((one) => ({
    slot: run.slot,
    sources: one.sources.map(({ id }) => id),
    partial: one.plan.named === true || one.unknown.length > 0,
  }));
  const named = attempts.every(({ plan }) => plan.named === true);
  const missing = [...sources.map(({ id }) => id).filter((id) => !has(id)), ...(attempts.at(-1)?.unknown ?? [])];
  return {
    run,
    state: isCompleteSet(asked, has) ? 'complete' : named ? 'partial' : 'incomplete',
    sources,
    backups: [...backups.values()].flat(),
    missing,
  };
}

function namesOf(source: Source, slot: Slot, byStamp: Stock['byStamp']): readonly ArtifactName[] {
  const name = artifactOf(source, slot);
  return byStamp.get(stampOf(name.sourceId, name.slot, name.tier === 'archive')) ?? [];
}

/** Groups of which it is not known what they hold. */
const unknownIn = (plan: Plan, found: Found | undefined): readonly string[] =>
  groupsOf(plan).flatMap(({ id }) => (!found || found.failedGroups.includes(id) ? [id] : []));
