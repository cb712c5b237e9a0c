import { z } from 'zod';
import { manifestKey, membersPrefix, parseArtifactKey, refusalsKey, retentionKey } from '../../lib/domain/backup/keys.ts';
import { doubtOfListing } from '../../lib/domain/retention/listing-doubt.ts';
import { planRetention } from '../../lib/domain/retention/retention.ts';
import type { RetentionDecision } from '../../lib/domain/retention/retention-decision.ts';
import { RetentionRecord, type RetentionRefusals } from '../../lib/domain/retention/retention-record.ts';
import { NIGHTLY, type PlanName } from '../../lib/domain/run/plan-name.ts';
import { keepOf } from '../../lib/domain/source/source.ts';
import { batches } from '../../lib/domain/store/batches.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import { lastRecord, type Remembered } from '../../lib/runtime/last-retention.ts';
import { PlanKey, readPlan } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { writeOrFind } from '../../lib/runtime/write-or-find.ts';
import { type Look, lookAt, setsOf } from './look.ts';

const RetainPayload = z.strictObject({ planKey: PlanKey });

/** Backups removed at a time: the manifests of a batch, then their artifacts. */
const BATCH = 500;

export interface RetainDependencies {
  readonly vault: Vault;
  readonly now: () => Date;
}

type SourceDecisions = RetentionRecord['sources'][number];
type Refusal = RetentionRefusals['refused'][number];

/**
 * Removes what the keep rules no longer ask for, of sources that have a verified backup in this slot, and of no others: while a
 * source fails, everything it has is kept.
 *
 * Decided is what the record says, and the record is written first. A repeated call decides anew, by what is there now, and
 * removes only what the record names as well.
 */
export const retain =
  ({ vault, now }: RetainDependencies) =>
  async (payload: unknown): Promise<{ readonly removed: number; readonly kept: number }> => {
    const { planKey } = RetainPayload.parse(payload);
    const plan = await readPlan(vault, planKey);
    const { slot, plan: name, attempt } = plan;
    const head = { version: 1, slot, ...(name !== undefined && { plan: name }), attempt, at: now().toISOString() } as const;

    const looks = await lookAt(vault, plan);
    const protectedSets = await setsOf(vault, plan, looks);
    const read = (key: string) => vault.readJson(key, RetentionRecord);
    const last = await lastRecord(vault, { plan: name ?? NIGHTLY, upTo: slot, except: slot, read });
    const sources = looks.map((look) => decide(look, { sets: protectedSets, last: last.get(look.source.id), now: now() }));
    const record: RetentionRecord = { ...head, sources: [...sources] };
    const recorded = await writeOrFind(vault, retentionKey(record), record, RetentionRecord);
    const going = agreed(recorded.sources, sources);

    const refused = await removeBackups(vault, going);
    if (refused.length > 0)
      await vault.putOnce(refusalsKey(plan), { ...head, refused: [...refused] } satisfies RetentionRefusals);
    const still = new Set(refused.map(({ key }) => key));
    const gone = new Set(going.filter((key) => !still.has(manifestKey(key))));
    return { removed: gone.size, kept: sources.flatMap(decisionsOf).filter(({ key }) => !gone.has(key)).length };
  };

interface Floor {
  /** Slots of complete sets, by the plan that they are of. */
  readonly sets: ReadonlyMap<PlanName, Slot>;
  /** What the last record knew of the source. */
  readonly last: Remembered | undefined;
  readonly now: Date;
}

/** What is not known for sure is not removed. */
function decide(look: Look, { sets, last, now }: Floor): SourceDecisions {
  const { source, seen } = look;
  const sourceId = source.id;
  if ('result' in seen) return { sourceId, ...seen };
  const keep = keepOf(source);
  // what lies in the archive is never removed
  if (!keep) return { result: 'decided', sourceId, decisions: [] };

  const { doubt, missing } = doubtOfListing({
    fresh: [seen.fresh],
    known: last?.kept ?? [],
    listed: seen.backups.map(({ key }) => key),
  });
  const newest = sets.get(source.plan ?? NIGHTLY);
  const decisions = planRetention({
    now,
    keep,
    backups: seen.backups,
    // yesterday's too: two runs that overlap must not each take the other's set for the old one
    sets: [...(newest ? [newest] : []), ...(last?.sets ?? [])],
    ...(doubt !== undefined && { doubt }),
  });
  const kept = newest ? [newest] : (last?.sets ?? []);
  return {
    result: 'decided',
    sourceId,
    decisions: [...decisions],
    ...(missing && { missing }),
    ...(kept.length > 0 && { sets: [...kept] }),
  };
}

/**
 * What the record condemns and today's look at the vault does not want kept. A backup that is not seen any more is among it: an
 * earlier call removed its manifest and may not have got as far as the artifact.
 */
function agreed(recorded: readonly SourceDecisions[], sources: readonly SourceDecisions[]): readonly string[] {
  const known = new Set(sources.filter(({ result }) => result === 'decided').map(({ sourceId }) => sourceId));
  const kept = new Set(sources.flatMap(decisionsOf).flatMap(({ action, key }) => (action === 'keep' ? [key] : [])));
  return recorded
    .filter(({ sourceId }) => known.has(sourceId))
    .flatMap(decisionsOf)
    .filter(({ action, key }) => action === 'remove' && !kept.has(key))
    .map(({ key }) => key);
}

const decisionsOf = (source: SourceDecisions): readonly RetentionDecision[] =>
  source.result === 'decided' ? source.decisions : [];

/**
 * The manifest goes first: from then on there is no backup, and an artifact that stays behind counts for nothing. The other way
 * round, a removal that stops half-way would leave a manifest that promises a backup which is gone.
 */
async function removeBackups(vault: Vault, artifacts: readonly string[]): Promise<readonly Refusal[]> {
  const refused: Refusal[] = [];
  for (const batch of batches(artifacts, BATCH)) {
    const manifests = await vault.remove(batch.map(manifestKey));
    const staying = new Set(manifests.map(({ key }) => key));
    const going = batch.filter((key) => !staying.has(manifestKey(key)));
    const objects = await vault.remove([...going, ...(await inTurn(going, (key) => memberLists(vault, key))).flat()]);
    refused.push(...manifests, ...objects);
  }
  return refused;
}

/** The lists of members that lie beside the artifact of a tree; more than one where a try died after it had written its own. */
async function memberLists(vault: Vault, artifact: string): Promise<readonly string[]> {
  if (!parseArtifactKey(artifact)?.format.startsWith('tar')) return [];
  const keys: string[] = [];
  for await (const { key } of vault.list(membersPrefix(artifact))) keys.push(key);
  return keys;
}
