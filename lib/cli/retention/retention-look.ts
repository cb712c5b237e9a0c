import { type ArtifactName, parseArtifactKey } from '../../domain/backup/keys.ts';
import { TIERS } from '../../domain/backup/tiers.ts';
import { doubtOfListing } from '../../domain/retention/listing-doubt.ts';
import { planRetention, type VerifiedBackup } from '../../domain/retention/retention.ts';
import type { RetentionDecision } from '../../domain/retention/retention-decision.ts';
import { RetentionRecord } from '../../domain/retention/retention-record.ts';
import { NIGHTLY, type PlanName } from '../../domain/run/plan-name.ts';
import { type Keep, keepOf, type Source } from '../../domain/source/source.ts';
import { type Slot, slotOf } from '../../domain/time/slot.ts';
import { listAllBackups, listBackups } from '../../runtime/backups.ts';
import { newestListedSet } from '../../runtime/complete-sets.ts';
import { lastRecord, type Remembered } from '../../runtime/last-retention.ts';
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

type Listed = ReadonlyMap<string, readonly VerifiedBackup[]>;

/** What a run that verified every source at this instant would keep and remove. Of backups only the manifests' keys are looked at. */
export async function forecastRetention(vault: Vault, now: Date, only: string | undefined): Promise<readonly Forecast[]> {
  const names = only === undefined ? await listAllBackups(vault, TIERS) : await ofOne(vault, only);
  const newest = [...names.values()].flatMap((all) => newestName(all) ?? []);
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

async function ofOne(vault: Vault, sourceId: string): Promise<Listed> {
  const backups = await listBackups(vault, sourceId, TIERS);
  return new Map(backups.length > 0 ? [[sourceId, backups]] : []);
}

const newestName = (backups: readonly VerifiedBackup[]): ArtifactName | undefined => {
  const [newest] = backups.toSorted((a, b) => (a.slot < b.slot ? 1 : -1));
  return newest && parseArtifactKey(newest.key);
};

/** What a plan's runs left that bears on the next decision. */
interface Memory {
  readonly set: Slot | undefined;
  readonly last: ReadonlyMap<string, Remembered>;
}

async function remember(
  vault: Vault,
  plan: PlanName,
  { now, names }: { readonly now: Date; readonly names: Listed },
): Promise<Memory> {
  const upTo = slotOf(now);
  return {
    set: await newestListedSet(vault, { plan, upTo, listed: names }),
    last: await lastRecord(vault, { plan, upTo, read: (key) => readRecord(vault, key) }),
  };
}

/** One that is damaged is passed over: this only foretells. */
async function readRecord(vault: Vault, key: string): Promise<RetentionRecord | undefined> {
  const document = await readDocument(vault, key, RetentionRecord);
  return 'found' in document ? document.found : undefined;
}

interface Known {
  readonly source: Source | undefined;
  readonly memory: Memory | undefined;
  readonly now: Date;
}

function forecast(sourceId: string, backups: readonly VerifiedBackup[], { source, memory, now }: Known): Forecast {
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
