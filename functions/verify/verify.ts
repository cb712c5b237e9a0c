import type { Verification } from '../../lib/domain/backup/manifest.ts';
import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import type { ArchiveLister } from '../../lib/runtime/pg-restore-list.ts';
import { JobPayload, readJob, readTries } from '../../lib/runtime/run-documents.ts';
import type { StoredObject, Vault } from '../../lib/runtime/vault.ts';
import { checkFor } from '../../lib/runtime/verify/check-for.ts';
import type { ContentsFound } from '../../lib/runtime/verify/content-check.ts';
import { lookTwice } from '../../lib/runtime/verify/look-twice.ts';
import { readFront, readWhole } from '../../lib/runtime/verify/read-stored.ts';
import { verifyMembers } from '../../lib/runtime/verify/verify-members.ts';
import { matchingReceipt, type Tries } from './matching-receipt.ts';

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
 * 3. what the bytes hold, against what the task counted: a dump's table of contents, a script of roles to its end mark, a tree
 *    unpacked to its last file; of what is encrypted, its header and its length;
 * 4. the list of a tree's members, which lies beside it.
 *
 * It writes nothing. A disagreement that is found twice is `damaged`, and then no manifest is written; of what could not be read
 * twice in the time of a function, one look decides.
 */
export const verify =
  (deps: VerifyDependencies) =>
  async (payload: unknown): Promise<Verification> => {
    const { vault, readBackLimitBytes } = deps;
    const job = JobPayload.parse(payload);
    const { plan, source } = await readJob(vault, job);
    const key = artifactKeyOf(source, plan.slot);

    const stored = await vault.head(key);
    // not `damaged`: the key is free, so another try can fill it
    if (!stored) throw new Failure('storage', `the dump task ended well, but the vault has no ${key}`);
    const readBack = stored.bytes <= readBackLimitBytes;
    const look = async (): Promise<Verification> => compare(stored, await readTries(vault, plan.slot, job.id), readBack, deps);
    return readBack && 2 * stored.bytes > readBackLimitBytes ? look() : lookTwice(look);
  };

async function compare(stored: StoredObject, tries: Tries, readBack: boolean, deps: VerifyDependencies): Promise<Verification> {
  const { tryKey, receipt } = matchingReceipt(stored, tries);
  const found = await checkContents(stored, receipt, readBack, deps);
  if (receipt.kind !== 'database' && receipt.kind !== 'globals') await verifyMembers(deps.vault, receipt);
  const { bytes, crc32, sha256 } = receipt;
  const version = stored.versionId && { versionId: stored.versionId };
  return { at: deps.now().toISOString(), tryKey, bytes, crc32, sha256, readBack, ...version, ...found };
}

async function checkContents(
  stored: StoredObject,
  receipt: Receipt,
  readBack: boolean,
  { vault, lister }: VerifyDependencies,
): Promise<ContentsFound> {
  const check = checkFor(receipt, lister);
  try {
    if (readBack) await readWhole(vault, stored, receipt, check);
    else if (check.looksAtFront) await readFront(vault, stored, check);
    else return {};
    return await check.finish();
  } finally {
    await check.stop();
  }
}
