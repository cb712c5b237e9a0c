import { outcomeKey } from '../../lib/domain/backup/keys.ts';
import { PROMOTED_TIERS, type Tier } from '../../lib/domain/backup/tiers.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { VerifiedBackup } from '../../lib/domain/retention/retention.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { NIGHTLY, type PlanName } from '../../lib/domain/run/plan-name.ts';
import { alreadyVerifiedIn, sourcesOf } from '../../lib/domain/run/plan-night.ts';
import { SourceOutcome } from '../../lib/domain/run/source-outcome.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import type { Source } from '../../lib/domain/source/source.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import { listBackups } from '../../lib/runtime/backups.ts';
import { newestListedSet } from '../../lib/runtime/complete-sets.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import { readFound } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

/** What the vault shows of one source of a run. */
export interface Look {
  readonly source: Source;
  readonly seen:
    | { readonly result: 'unverified' }
    | { readonly result: 'doubtful'; readonly why: string }
    | {
        /** The artifact that this run has verified. */
        readonly fresh: string;
        readonly backups: readonly VerifiedBackup[];
      };
}

/** What has keep rules has nothing in the archive. */
const KEPT_BY_RULES: readonly Tier[] = ['daily', ...PROMOTED_TIERS];

/** Looks at the backups of every source that has a verified one in this slot. One that cannot be listed does not stop the others. */
export async function lookAt(vault: Vault, plan: Plan): Promise<readonly Look[]> {
  const found = await readFound(vault, plan);
  const done = alreadyVerifiedIn(plan, found);
  return inTurn(sourcesOf(plan, found), async (source): Promise<Look> => {
    try {
      if (!done.has(source.id) && !(await isVerified(vault, plan, source.id))) return { source, seen: { result: 'unverified' } };
      const backups = await listBackups(vault, source.id, KEPT_BY_RULES);
      return { source, seen: { fresh: artifactKeyOf(source, plan.slot), backups } };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { source, seen: { result: 'doubtful', why: `its backups could not be listed (${error.reason}: ${error.message})` } };
    }
  });
}

async function isVerified(vault: Vault, plan: Plan, sourceId: string): Promise<boolean> {
  return (await vault.readJson(outcomeKey(plan, sourceId), SourceOutcome))?.status === 'verified';
}

/** The newest complete set of each plan that the sources of this run belong to. */
export async function setsOf(vault: Vault, plan: Plan, looks: readonly Look[]): Promise<ReadonlyMap<PlanName, Slot>> {
  const listed = new Map(looks.flatMap(({ source, seen }) => ('backups' in seen ? [[source.id, seen.backups] as const] : [])));
  const sets = new Map<PlanName, Slot>();
  for (const name of new Set(looks.map(({ source }) => source.plan ?? NIGHTLY))) {
    const slot = await newestListedSet(vault, { plan: name, upTo: plan.slot, listed });
    if (slot) sets.set(name, slot);
  }
  return sets;
}
