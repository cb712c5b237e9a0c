import { manifestKey, tryPrefix } from '../../lib/domain/backup/keys.ts';
import { type Manifest, Verification } from '../../lib/domain/backup/manifest.ts';
import { TryRecord } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { artifactKeyOf, artifactOf } from '../../lib/domain/source/artifact-of.ts';
import type { Source } from '../../lib/domain/source/source.ts';
import { commitManifest } from '../../lib/runtime/commit-manifest.ts';
import { JobPayload, readJob } from '../../lib/runtime/run-documents.ts';
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
    const { verification, ...job } = ManifestPayload.parse(payload);
    const { plan, source } = await readJob(vault, job);
    const { slot, plan: name } = plan;
    const { tier, sourceId } = artifactOf(source, slot);
    const key = artifactKeyOf(source, slot);

    const document: Manifest = {
      version: 1,
      sourceId,
      kind: source.kind,
      ...namesOf(source),
      slot,
      ...(name !== undefined && { plan: name }),
      tier,
      key,
      proof: 'verified',
      createdAt: now().toISOString(),
      receipt: await receiptOf(vault, verification, key, tryPrefix(slot, job.id)),
      verification,
    };
    await commitManifest(vault, document);
    return { manifestKey: manifestKey(key) };
  };

/** What a backup is of, beside its source. */
function namesOf(source: Source): Pick<Manifest, 'database' | 'date'> {
  if (source.kind === 'database') return { database: source.database };
  return source.kind === 'datedFolder' ? { date: source.date } : {};
}

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
