import { z } from 'zod';
import { foundKey, jobsKey } from '../../lib/domain/backup/keys.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { groupsOf, jobsOf } from '../../lib/domain/run/plan-night.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import { Found, type FoundSource, GroupFindings } from '../../lib/domain/source/found.ts';
import { isGoodBackup } from '../../lib/runtime/backups.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import { PlanKey, readPlan } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { writeOrFind } from '../../lib/runtime/write-or-find.ts';

const ExpandPayload = z.strictObject({ planKey: PlanKey });

export interface ExpandDependencies {
  readonly vault: Vault;
}

/**
 * Puts together what the groups of a run found, and writes the job list. Both are written once, so that a repeated call goes by
 * what the first one saw. A group whose task failed is left out; its outcome is on record already.
 */
export const expand =
  ({ vault }: ExpandDependencies) =>
  async (payload: unknown): Promise<{ readonly jobs: number }> => {
    const { planKey } = ExpandPayload.parse(payload);
    const plan = await readPlan(vault, planKey);
    const found = await writeOrFind(vault, foundKey(plan), await gather(vault, plan), Found);
    const jobs = jobsOf(plan, found);
    await vault.putOnce(jobsKey(plan), jobs);
    return { jobs: jobs.length };
  };

async function gather(vault: Vault, plan: Plan): Promise<Found> {
  const groups = groupsOf(plan);
  const findings = await inTurn(groups, ({ id }) => vault.readJson(foundKey(plan, id), GroupFindings));
  const known = findings.flatMap((one) => one ?? []);
  const sources = known.flatMap((one) => one.sources);
  return {
    version: 1,
    sources: [...sources],
    alreadyVerified: await verifiedAmong(vault, plan, sources),
    failedGroups: groups.flatMap(({ id }, n) => (findings[n] ? [] : [id])),
    notes: known.flatMap(({ groupId, notes }) => notes.map((text) => ({ groupId, text }))),
  };
}

async function verifiedAmong(vault: Vault, { slot }: Plan, sources: readonly FoundSource[]): Promise<string[]> {
  const verified = await inTurn(sources, async (source) =>
    (await isGoodBackup(vault, artifactKeyOf(source, slot))) ? [source.id] : [],
  );
  return verified.flat();
}
