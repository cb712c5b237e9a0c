import { type ArchiveList, differenceOf } from '../../lib/domain/archive-list.ts';
import { artifactKey } from '../../lib/domain/keys.ts';
import type { Verification } from '../../lib/domain/manifest.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { Receipt } from '../../lib/domain/receipt.ts';
import type { ArchiveLister } from '../../lib/runtime/pg-restore-list.ts';
import { JobPayload, readPlan, readTries, sourceIn } from '../../lib/runtime/run-documents.ts';
import { digestOf } from '../../lib/runtime/stored-digest.ts';
import { type StoredObject, storageFailure, type Vault } from '../../lib/runtime/vault.ts';

export interface VerifyDependencies {
  readonly vault: Vault;
  readonly now: () => Date;
  /** Starts a `pg_restore --list` that can read what the client of this major version wrote. */
  readonly lister: (major: number) => ArchiveLister;
  /** Larger objects are not read whole. */
  readonly readBackLimitBytes: number;
}

/**
 * Compares what the vault holds with what the dump task says it sent:
 *
 * 1. size and CRC32, as the store knows them, against the receipts, newest first;
 * 2. every stored byte, read again and hashed here, against that receipt. `pg_restore --list` alone finds next to nothing: it
 *    looks at the front of an archive only;
 * 3. the archive's table of contents against the tables that the task counted.
 *
 * It writes nothing. Any disagreement is `damaged`, and then no manifest is written.
 */
export const verify =
  ({ vault, now, lister, readBackLimitBytes }: VerifyDependencies) =>
  async (payload: unknown): Promise<Verification> => {
    const { planKey, id } = JobPayload.parse(payload);
    const plan = await readPlan(vault, planKey);
    const key = artifactKey({ tier: 'daily', sourceId: id, slot: plan.slot, kind: sourceIn(plan, id).kind });

    const stored = await vault.head(key);
    // not `damaged`: the key is free, so another try can fill it
    if (!stored) throw new Failure('storage', `the dump task ended well, but the vault has no ${key}`);
    const tries = await readTries(vault, plan.slot, id);
    const { tryKey, receipt } = matchingReceipt(stored, tries);

    const readBack = stored.bytes <= readBackLimitBytes;
    const archive = lister(receipt.server.major);
    try {
      const list = readBack ? await readWhole(vault, stored, receipt, archive) : await readFront(vault, stored, archive);
      const difference = differenceOf(list, receipt.contents);
      if (difference) throw new Failure('damaged', `${key}: ${difference}`);
      const { bytes, crc32, sha256 } = receipt;
      const version = stored.versionId && { versionId: stored.versionId };
      return { at: now().toISOString(), tryKey, bytes, crc32, sha256, readBack, ...version, tocEntries: list.entries };
    } finally {
      await archive.stop();
    }
  };

type Tries = Awaited<ReturnType<typeof readTries>>;

/** A task that dies right after it completed the object leaves a receipt that a later try adopts; so any receipt may be the one. */
function matchingReceipt(stored: StoredObject, tries: Tries): { readonly tryKey: string; readonly receipt: Receipt } {
  const receipts = tries.flatMap(({ key, record }) =>
    record.result === 'receipt' ? [{ tryKey: key, receipt: record.receipt }] : [],
  );
  const match = receipts.find(({ receipt }) => receipt.bytes === stored.bytes && receipt.crc32 === stored.crc32);
  if (match) return match;

  const newest = receipts[0]?.receipt;
  const said = newest
    ? `the newest of ${receipts.length} receipts says ${newest.bytes} bytes, CRC32 ${newest.crc32}`
    : 'there is no receipt';
  throw new Failure('damaged', `${stored.key} has ${stored.bytes} bytes, CRC32 ${stored.crc32 ?? 'unknown'}; ${said}`);
}

async function readWhole(vault: Vault, stored: StoredObject, receipt: Receipt, archive: ArchiveLister): Promise<ArchiveList> {
  const digest = await digestOf(await vault.read(stored.key, stored.versionId), (chunk) => archive.feed(chunk));
  const same = digest.bytes === receipt.bytes && digest.sha256 === receipt.sha256 && digest.crc32 === receipt.crc32;
  // a connection that broke proves nothing; the bytes themselves do
  if (digest.fault && (same || digest.bytes < stored.bytes)) throw storageFailure(`GetObject ${stored.key}`, digest.fault);
  if (!same)
    throw new Failure(
      'damaged',
      `${stored.key}: read ${digest.bytes} bytes with SHA-256 ${digest.sha256}, but the dump task sent ${receipt.bytes} with ${receipt.sha256}`,
    );
  return archive.finish();
}

/** Reads until the table of contents is complete. */
async function readFront(vault: Vault, stored: StoredObject, archive: ArchiveLister): Promise<ArchiveList> {
  const body = await vault.read(stored.key, stored.versionId);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) if (!(await archive.feed(chunk))) break;
  } catch (error) {
    throw storageFailure(`GetObject ${stored.key}`, error);
  } finally {
    body.destroy();
  }
  return archive.finish();
}
