import { type ArtifactName, artifactKey, artifactPrefix, manifestKey, parseArtifactKey } from '../../domain/backup/keys.ts';
import { TIERS } from '../../domain/backup/tiers.ts';
import { doubtOfListing } from '../../domain/retention/listing-doubt.ts';
import { planRetention } from '../../domain/retention/retention.ts';
import type { RetentionDecision } from '../../domain/retention/retention-decision.ts';
import { RetentionRecord } from '../../domain/retention/retention-record.ts';
import { NIGHTLY, type PlanName } from '../../domain/run/plan-name.ts';
import { artifactKeyOf, type Keep, keepOf, type Source } from '../../domain/source/source.ts';
import { type Slot, slotOf } from '../../domain/time/slot.ts';
import { newestSet } from '../../runtime/complete-sets.ts';
import { pastRuns } from '../../runtime/past-runs.ts';
import type { Vault } from '../../runtime/vault.ts';
import { newestSources } from '../list/keep-rules.ts';
import { readDocument } from '../place/vault-document.ts';

/** What the next run would decide on one source. */
export interface Forecast {
  readonly sourceId: string;
  readonly keep?: Keep;
  readonly decisions: readonly RetentionDecision[];
  /** Why nothing can be decided. */
  readonly undecided?: string;
}

type Names = ReadonlyMap<string, readonly ArtifactName[]>;

/** What a run that verified every source at this instant would keep and remove. Of backups only the manifests' keys are looked at. */
export async function forecastRetention(vault: Vault, now: Date, only: string | undefined): Promise<readonly Forecast[]> {
  const names = await listNames(vault, only);
  const newest = [...names.values()].flatMap((all) => all.reduce<ArtifactName | undefined>(newerOf, undefined) ?? []);
  const sources = await newestSources(vault, newest);
  const plans = new Set([...sources.values()].map(({ plan = NIGHTLY }) => plan));
  const memories = new Map(
    await Promise.all([...plans].map(async (plan) => [plan, await remember(vault, plan, { now, names })] as const)),
  );
  return [...names].map(([sourceId, listed]) => {
    const source = sources.get(sourceId);
    return forecast(sourceId, listed, { source, memory: memories.get(source?.plan ?? NIGHTLY), now });
  });
}

async function listNames(vault: Vault, only: string | undefined): Promise<Names> {
  const names = new Map<string, ArtifactName[]>();
  for (const tier of TIERS)
    for await (const { key } of vault.list(only === undefined ? `${tier}/` : artifactPrefix(tier, only))) {
      const name = parseArtifactKey(key);
      // ids that begin alike share a prefix
      if (name?.part !== 'manifest' || (only !== undefined && name.sourceId !== only)) continue;
      names.set(name.sourceId, [...(names.get(name.sourceId) ?? []), name]);
    }
  return new Map([...names].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const newerOf = (best: ArtifactName | undefined, name: ArtifactName): ArtifactName =>
  best && best.slot >= name.slot ? best : name;

/** What a plan's runs left that bears on the next decision. */
interface Memory {
  readonly set: Slot | undefined;
  readonly last: ReadonlyMap<string, { readonly kept: readonly string[]; readonly sets: readonly Slot[] }>;
}

async function remember(
  vault: Vault,
  plan: PlanName,
  { now, names }: { readonly now: Date; readonly names: Names },
): Promise<Memory> {
  const upTo = slotOf(now);
  const has = async (source: Source, slot: Slot): Promise<boolean> =>
    source.kind === 'datedFolder' || !names.has(source.id)
      ? (await vault.head(manifestKey(artifactKeyOf(source, slot)))) !== undefined
      : names.get(source.id)?.some((name) => name.slot === slot) === true;
  return { set: await newestSet(vault, { plan, upTo, has }), last: await lastDecisions(vault, plan, upTo) };
}

async function lastDecisions(vault: Vault, plan: PlanName, upTo: Slot): Promise<Memory['last']> {
  for await (const { keys } of pastRuns(vault, plan, upTo)) {
    const key = keys.filter((one) => /\/retention(?:\.\d+)?\.json$/.test(one)).at(-1);
    const document = key === undefined ? undefined : await readDocument(vault, key, RetentionRecord);
    if (document && 'found' in document) return remembered(document.found);
  }
  return new Map();
}

const remembered = ({ sources }: RetentionRecord): Memory['last'] =>
  new Map(
    sources.flatMap((source) => {
      if (source.result !== 'decided') return [];
      const kept = source.decisions.flatMap(({ action, key }) => (action === 'keep' ? [key] : []));
      return [[source.sourceId, { kept, sets: source.sets ?? [] }] as const];
    }),
  );

interface Known {
  readonly source: Source | undefined;
  readonly memory: Memory | undefined;
  readonly now: Date;
}

function forecast(sourceId: string, listed: readonly ArtifactName[], { source, memory, now }: Known): Forecast {
  const backups = listed.map((name) => ({ key: artifactKey(name), tier: name.tier, slot: name.slot }));
  if (backups.every(({ tier }) => tier === 'archive')) return { sourceId, decisions: planRetention({ now, keep: {}, backups }) };
  const keep = source && keepOf(source);
  if (!keep)
    return {
      sourceId,
      decisions: [],
      undecided: 'no run that can be read says what its keep rules are, so no run removes anything of it',
    };

  const last = memory?.last.get(sourceId);
  const { doubt } = doubtOfListing({ fresh: [], known: last?.kept ?? [], listed: backups.map(({ key }) => key) });
  const sets = [...(memory?.set ? [memory.set] : []), ...(last?.sets ?? [])];
  return { sourceId, keep, decisions: planRetention({ now, keep, backups, sets, ...(doubt !== undefined && { doubt }) }) };
}
