import { z } from 'zod';
import { artifactKey, damagedKey, manifestKey, parseArtifactKey } from '../../lib/domain/backup/keys.ts';
import { Manifest, memberListOf } from '../../lib/domain/backup/manifest.ts';
import { PROMOTED_TIERS, type Tier } from '../../lib/domain/backup/tiers.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { type Promotion, planPromotions } from '../../lib/domain/retention/promotion.ts';
import type { VerifiedBackup } from '../../lib/domain/retention/retention.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { type Keep, keepOf, type Source } from '../../lib/domain/source/source.ts';
import { listBackups } from '../../lib/runtime/backups.ts';
import { commitManifest } from '../../lib/runtime/commit-manifest.ts';
import { JobPayload, readJob } from '../../lib/runtime/run-documents.ts';
import type { ObjectTags, Vault } from '../../lib/runtime/vault.ts';

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
    const { manifestKey: committed, ...job } = PromotePayload.parse(payload);
    const { id } = job;
    const { plan, source } = await readJob(vault, job);
    const keep = keepOf(source);
    // what lies in the archive is kept for ever as it is
    if (!keep) return { promoted: [], warnings: [] };
    const backups = await listBackups(vault, id, ['daily', ...PROMOTED_TIERS]);
    if (!backups.some(({ key }) => manifestKey(key) === committed))
      throw new Failure('storage', `the listing of daily/ does not show ${committed}, so it is no ground to decide on`);

    // copies of this slot can only be ours, from an earlier call of this step
    const earlier = backups.filter(({ tier, slot }) => tier !== 'daily' && slot === plan.slot).map(({ key }) => key);
    const result: PromoteResult = { promoted: earlier, warnings: [] };
    let broken: unknown;
    for (const promotion of promotionsOf(plan, keep, backups)) {
      try {
        result.promoted.push(await copyUp(vault, promotion, { source, backups }, now()));
      } catch (error) {
        // one tier that cannot have its copy does not keep the others from theirs
        if (error instanceof Failure && error.reason === 'conflict') result.warnings.push(`${promotion.tier}: ${error.message}`);
        else broken ??= error;
      }
    }
    if (broken) throw broken;
    return result;
  };

function promotionsOf(plan: Plan, keep: Keep, backups: readonly VerifiedBackup[]): readonly Promotion[] {
  // a copy whose object is gone is none, and a daily whose object is gone can make none
  const whole = backups.filter(({ damaged }) => !damaged);
  const slots = (tier: Tier) => whole.filter((backup) => backup.tier === tier).map(({ slot }) => slot);
  const dailies = slots('daily');
  const promotions = planPromotions({
    slot: plan.slot,
    timeZone: plan.timeZone,
    weeklyDay: plan.weeklyDay,
    keep,
    dailies,
    copies: Object.fromEntries(PROMOTED_TIERS.map((tier) => [tier, slots(tier)])),
  });
  // that of this very slot too can have been found damaged since it was verified
  return promotions.filter(({ from }) => dailies.includes(from));
}

interface Origin {
  readonly source: Source;
  readonly backups: readonly VerifiedBackup[];
}

/**
 * Copies one backup: the object first, from the very version that was verified, then its own manifest. A call that died
 * between the two left a copy that counts for nothing; the next call finds it there, compares it and finishes.
 */
async function copyUp(vault: Vault, { tier, from }: Promotion, { source, backups }: Origin, now: Date): Promise<string> {
  const { id } = source;
  // by what lies there: the source may have had another format then
  const daily = backups.map(({ key }) => parseArtifactKey(key)).find((name) => name?.tier === 'daily' && name.slot === from);
  if (!daily) throw new Failure('internal', `there is no daily of ${id} in slot ${from}`);
  const original = await readManifest(vault, artifactKey(daily));
  const { bytes, crc32, versionId } = original.verification;
  const stored = { key: original.key, bytes, crc32, ...(versionId && { versionId }) };
  const key = artifactKey({ ...daily, tier });
  if (await vault.head(damagedKey(key))) throw new Failure('conflict', `${key} was found damaged, and is left as it is`);
  const tags = { tier, source: id, slot: from };
  const storageClass = source.storageClasses?.[tier];
  await vault.copyOnce(stored, key, tags, storageClass);
  await copyMemberList(vault, original, { key, tags });

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
    ...(storageClass && { storageClass }),
  });
  return key;
}

/** The list of a tree's members lies beside every copy of it. */
async function copyMemberList(
  vault: Vault,
  original: Manifest,
  to: { readonly key: string; readonly tags: ObjectTags },
): Promise<void> {
  const from = memberListOf(original);
  if (from === undefined) return;
  const list = await vault.head(from);
  if (!list) throw new Failure('storage', `${from} is not there, though the manifest of ${original.key} names it`);
  await vault.copyOnce(list, memberListOf({ ...original, key: to.key }) as string, to.tags);
}

async function readManifest(vault: Vault, artifact: string): Promise<Manifest> {
  const found = await vault.readJson(manifestKey(artifact), Manifest);
  if (!found) throw new Failure('storage', `${manifestKey(artifact)} is listed but cannot be read`);
  return found;
}
