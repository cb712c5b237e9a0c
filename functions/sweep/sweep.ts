import { z } from 'zod';
import { RUNS_PREFIX, sweepKey } from '../../lib/domain/backup/keys.ts';
import { LEASE_HOURS } from '../../lib/domain/limits.ts';
import { Sweep } from '../../lib/domain/retention/sweep.ts';
import { confirmSweep, manifestsToMiss } from '../../lib/domain/retention/sweep-confirm.ts';
import type { SweepDecision, SweepPlan } from '../../lib/domain/retention/sweep-decision.ts';
import { SweepRecord } from '../../lib/domain/retention/sweep-record.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import { PlanKey, readPlan } from '../../lib/runtime/run-documents.ts';
import type { OpenUploads } from '../../lib/runtime/upload/all-open-uploads.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { writeOrFind } from '../../lib/runtime/write-or-find.ts';

const SweepPayload = z.strictObject({ planKey: PlanKey });

export interface SweepDependencies {
  readonly vault: Vault;
  readonly uploads: OpenUploads;
  readonly now: () => Date;
}

/**
 * Clears away what killed runs left behind: uploads that are open, and objects that never got a manifest, once no run can be
 * working on them any more. A pure plan decides and is written down first, with a reason for each.
 */
export const sweep =
  ({ vault, uploads, now }: SweepDependencies) =>
  async (payload: unknown): Promise<{ readonly removed: number; readonly aborted: number }> => {
    const { planKey } = SweepPayload.parse(payload);
    const { slot, plan: name, attempt } = await readPlan(vault, planKey);
    const head = { version: 1, slot, ...(name !== undefined && { plan: name }), attempt } as const;

    const plan = await lookAround(vault, uploads, { now: now(), longestRunHours: LEASE_HOURS, own: planKey });
    const record: SweepRecord = { ...head, at: now().toISOString(), ...plan };
    const recorded = await writeOrFind(vault, sweepKey(record), record, SweepRecord);
    const { decisions } = agreed(recorded, plan);
    const going = decisions.filter(({ action }) => action === 'remove').map(({ key }) => key);
    const refused = await vault.remove(going);

    let aborted = 0;
    for (const { key, uploadId, action } of decisions) {
      if (action !== 'abort' || uploadId === undefined) continue;
      await uploads.abort({ key, uploadId });
      aborted++;
    }
    return { removed: going.length - refused.length, aborted };
  };

async function lookAround(
  vault: Vault,
  uploads: OpenUploads,
  settings: ConstructorParameters<typeof Sweep>[0],
): Promise<SweepPlan> {
  const look = new Sweep(settings);
  for await (const upload of uploads.list()) look.seeUpload(upload);
  for (const prefix of prefixesSweptAt(settings.now)) for await (const object of vault.list(prefix)) look.seeObject(object);
  const plan = look.plan();
  // looked up one by one: a listing can be older than what it lists
  const found = await inTurn(manifestsToMiss(plan), async (key) => ((await vault.head(key)) ? [key] : []));
  return confirmSweep(plan, new Set(found.flat()));
}

/** A run that is alive may finish an older slot; what it could adopt there, an earlier sweep has long found. */
const MONTHS_OF_RUNS = 3;

/**
 * Where backups lie, in the order in which S3 would list them, and runs that can still be alive. All that ever ran would be
 * millions of keys in the end.
 */
function prefixesSweptAt(now: Date): readonly string[] {
  const months = Array.from({ length: MONTHS_OF_RUNS }, (_, back) => {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString();
    return `${RUNS_PREFIX}${month.slice(0, 4)}/${month.slice(5, 7)}/`;
  });
  return ['archive/', 'daily/', 'monthly/', ...months.reverse(), 'weekly/', 'yearly/'];
}

/** What today's look condemns and the record names as well: nothing goes without its reason on record. */
function agreed(recorded: SweepPlan, today: SweepPlan): { readonly decisions: readonly SweepDecision[] } {
  const nameOf = ({ action, key, uploadId = '' }: SweepDecision): string => `${action} ${key} ${uploadId}`;
  const known = new Set(recorded.decisions.map(nameOf));
  return { decisions: today.decisions.filter((decision) => decision.action !== 'leave' && known.has(nameOf(decision))) };
}
