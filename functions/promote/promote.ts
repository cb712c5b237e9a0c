import { z } from 'zod';
import { artifactKey, manifestKey } from '../../lib/domain/keys.ts';
import { Manifest } from '../../lib/domain/manifest.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { type Promotion, planPromotions } from '../../lib/domain/promotion.ts';
import type { VerifiedBackup } from '../../lib/domain/retention.ts';
import { PROMOTED_TIERS, type Tier } from '../../lib/domain/tiers.ts';
import { listBackups } from '../../lib/runtime/backups.ts';
import { commitManifest } from '../../lib/runtime/commit-manifest.ts';
import { JobPayload, readPlan, sourceIn } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

const PromotePayload = JobPayload.extend({ manifestKey: z.string() });

export interface PromoteDependencies {
  readonly vault: Vault;
  readonly now: () => Date;
}

/** Keys of the copies made, and what the operator should know of those that were not. */
export interface PromoteResult {
  readonly promoted: string[];
  readonly warnings: string[];
}

/** Copies verified dailies up to the tiers that have none for their period yet. */
export const promote =
  ({ vault, now }: PromoteDependencies) =>
  async (payload: unknown): Promise<PromoteResult> => {
    const { planKey, id, manifestKey: committed } = PromotePayload.parse(payload);
    const plan = await readPlan(vault, planKey);
    const backups = await listBackups(vault, id, ['daily', ...PROMOTED_TIERS]);
    if (!backups.some(({ key }) => manifestKey(key) === committed))
      throw new Failure('storage', `the listing of daily/ does not show ${committed}, so it is no ground to decide on`);

    // copies of this slot can only be ours, from an earlier call of this step
    const earlier = backups.filter(({ tier, slot }) => tier !== 'daily' && slot === plan.slot).map(({ key }) => key);
    const result: PromoteResult = { promoted: earlier, warnings: [] };
    let broken: unknown;
    for (const promotion of promotionsOf(plan, id, backups)) {
      try {
        result.promoted.push(await copyUp(vault, promotion, id, now()));
      } catch (error) {
        // one tier that cannot have its copy does not keep the others from theirs
        if (error instanceof Failure && error.reason === 'conflict') result.warnings.push(`${promotion.tier}: ${error.message}`);
        else broken ??= error;
      }
    }
    if (broken) throw broken;
    return result;
  };

function promotionsOf(plan: Plan, id: string, backups: readonly VerifiedBackup[]): readonly Promotion[] {
  const slots = (tier: Tier) => backups.filter((backup) => backup.tier === tier).map(({ slot }) => slot);
  return planPromotions({
    slot: plan.slot,
    timeZone: plan.timeZone,
    weeklyDay: plan.weeklyDay,
    keep: sourceIn(plan, id).keep,
    dailies: slots('daily'),
    copies: Object.fromEntries(PROMOTED_TIERS.map((tier) => [tier, slots(tier)])),
  });
}

/**
 * Copies one backup: the object first, from the very version that was verified, then its own manifest. A call that died
 * between the two left a copy that counts for nothing; the next call finds it there, compares it and finishes.
 */
async function copyUp(vault: Vault, { tier, from }: Promotion, id: string, now: Date): Promise<string> {
  const original = await readManifest(vault, artifactKey({ tier: 'daily', sourceId: id, slot: from, kind: 'database' }));
  const { bytes, crc32, versionId } = original.verification;
  const source = { key: original.key, bytes, crc32, ...(versionId && { versionId }) };
  const key = artifactKey({ tier, sourceId: id, slot: from, kind: original.kind });
  await vault.copyOnce(source, key, { tier, source: id, slot: from });

  const copy = await vault.head(key);
  const { versionId: _, ...verification } = original.verification;
  await commitManifest(vault, {
    ...original,
    tier,
    key,
    createdAt: now.toISOString(),
    // its size and checksum are those of the verified bytes, so their proof holds for it
    verification: { ...verification, ...(copy?.versionId && { versionId: copy.versionId }) },
    copiedFrom: { key: original.key, ...(versionId && { versionId }) },
  });
  return key;
}

async function readManifest(vault: Vault, artifact: string): Promise<Manifest> {
  const found = await vault.readJson(manifestKey(artifact), Manifest);
  if (!found) throw new Failure('storage', `${manifestKey(artifact)} is listed but cannot be read`);
  return found;
}
