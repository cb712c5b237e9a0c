import { z } from 'zod';
import { batches } from '../../lib/domain/batches.ts';
import { manifestKey, outcomeKey, refusalsKey, retentionKey } from '../../lib/domain/keys.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { planRetention } from '../../lib/domain/retention.ts';
import type { RetentionDecision } from '../../lib/domain/retention-decision.ts';
import { RetentionRecord, type RetentionRefusals } from '../../lib/domain/retention-record.ts';
import { SourceOutcome } from '../../lib/domain/source-outcome.ts';
import { TIERS } from '../../lib/domain/tiers.ts';
import { listBackups } from '../../lib/runtime/backups.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import { PlanKey, readPlan, sourceIn } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

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
    const { slot, attempt } = plan;
    const head = { version: 1, slot, attempt, at: now().toISOString() } as const;

    const sources = await inTurn(plan.sources, ({ id }) => decide(vault, plan, id, now()));
    const recorded = await record(vault, { ...head, sources: [...sources] });
    const going = agreed(recorded.sources, sources);

    const refused = await removeBackups(vault, going);
    if (refused.length > 0)
      await vault.putOnce(refusalsKey(plan), { ...head, refused: [...refused] } satisfies RetentionRefusals);
    const still = new Set(refused.map(({ key }) => key));
    const gone = new Set(going.filter((key) => !still.has(manifestKey(key))));
    return { removed: gone.size, kept: sources.flatMap(decisionsOf).filter(({ key }) => !gone.has(key)).length };
  };

/** Failures to read or list end here: what is not known for sure is not removed, and other sources go on. */
async function decide(vault: Vault, plan: Plan, sourceId: string, now: Date): Promise<SourceDecisions> {
  const doubtful = (why: string): SourceDecisions => ({ result: 'doubtful', sourceId, why });
  try {
    if (!(await isVerified(vault, plan, sourceId))) return { result: 'unverified', sourceId };
    const backups = await listBackups(vault, sourceId, TIERS);
    // the one listing that can be checked: tonight's backup is known to be there
    if (!backups.some(({ tier, slot }) => tier === 'daily' && slot === plan.slot))
      return doubtful(`the listing does not show the backup of slot ${plan.slot}, so it cannot be whole`);
    return { result: 'decided', sourceId, decisions: [...planRetention({ now, keep: sourceIn(plan, sourceId).keep, backups })] };
  } catch (error) {
    if (error instanceof Failure) return doubtful(`its backups could not be listed (${error.reason}: ${error.message})`);
    throw error;
  }
}

async function isVerified(vault: Vault, plan: Plan, sourceId: string): Promise<boolean> {
  if (plan.alreadyVerified.includes(sourceId)) return true;
  return (await vault.readJson(outcomeKey(plan, sourceId), SourceOutcome))?.status === 'verified';
}

/** Writes the record, or finds the one of an earlier call. */
async function record(vault: Vault, document: RetentionRecord): Promise<RetentionRecord> {
  const key = retentionKey(document);
  if ((await vault.putOnce(key, document)) === 'written') return document;
  const earlier = await vault.readJson(key, RetentionRecord);
  if (!earlier) throw new Failure('storage', `${key} exists but cannot be read`);
  return earlier;
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
    const objects = await vault.remove(batch.filter((key) => !staying.has(manifestKey(key))));
    refused.push(...manifests, ...objects);
  }
  return refused;
}
