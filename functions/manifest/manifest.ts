import { artifactKey, manifestKey, tryPrefix } from '../../lib/domain/keys.ts';
import { type Manifest, Verification } from '../../lib/domain/manifest.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { TryRecord } from '../../lib/domain/receipt.ts';
import { commitManifest } from '../../lib/runtime/commit-manifest.ts';
import { JobPayload, readPlan, sourceIn } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

const ManifestPayload = JobPayload.extend({ verification: Verification });

export interface ManifestDependencies {
  readonly vault: Vault;
  readonly now: () => Date;
}

/** Writes the commit record of a verified backup. From here on it exists. */
export const manifest =
  ({ vault, now }: ManifestDependencies) =>
  async (payload: unknown): Promise<{ readonly manifestKey: string }> => {
    const { planKey, id, verification } = ManifestPayload.parse(payload);
    const plan = await readPlan(vault, planKey);
    const { kind, database } = sourceIn(plan, id);
    const key = artifactKey({ tier: 'daily', sourceId: id, slot: plan.slot, kind });

    const document: Manifest = {
      version: 1,
      sourceId: id,
      kind,
      database,
      slot: plan.slot,
      tier: 'daily',
      key,
      proof: 'verified',
      createdAt: now().toISOString(),
      receipt: await receiptOf(vault, verification, key, tryPrefix(plan.slot, id)),
      verification,
    };
    await commitManifest(vault, document);
    return { manifestKey: manifestKey(key) };
  };

/** The receipt that the verification speaks of. Whatever came with the payload, it must be about the same bytes. */
async function receiptOf(vault: Vault, verification: Verification, key: string, tries: string) {
  const { tryKey, bytes, sha256, crc32 } = verification;
  const record = tryKey.startsWith(tries) ? await vault.readJson(tryKey, TryRecord) : undefined;
  if (record?.result !== 'receipt') throw new Failure('internal', `manifest: ${tryKey} is no receipt of ${key}`);

  const { receipt } = record;
  if (receipt.key !== key || receipt.bytes !== bytes || receipt.sha256 !== sha256 || receipt.crc32 !== crc32)
    throw new Failure('internal', `manifest: ${tryKey} and the verification are not about the same bytes of ${key}`);
  return receipt;
}
