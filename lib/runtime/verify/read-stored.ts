import type { Receipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { storageFailure } from '../storage-failure.ts';
import { digestOf } from '../stored-digest.ts';
import type { StoredObject } from '../vault.ts';
import type { ContentCheck } from './content-check.ts';
import type { ReadableVault } from './watched-reads.ts';

/** Reads every stored byte and shows it to the check. Throws `damaged` where they are others than the task sent. */
export async function readWhole(
  vault: Pick<ReadableVault, 'read'>,
  stored: StoredObject,
  receipt: Receipt,
  check: ContentCheck,
): Promise<void> {
  const digest = await digestOf(await vault.read(stored.key, stored.versionId), (chunk) => check.feed(chunk));
  const same = digest.bytes === receipt.bytes && digest.sha256 === receipt.sha256 && digest.crc32 === receipt.crc32;
  // a connection that broke proves nothing; the bytes themselves do
  if (digest.fault && (same || digest.bytes < stored.bytes)) throw storageFailure(`GetObject ${stored.key}`, digest.fault);
  if (!same)
    throw new Failure(
      'damaged',
      `${stored.key}: read ${digest.bytes} bytes with SHA-256 ${digest.sha256}, but the dump task sent ${receipt.bytes} with ${receipt.sha256}`,
    );
}

/** Reads until the check has seen enough. */
export async function readFront(vault: Pick<ReadableVault, 'read'>, stored: StoredObject, check: ContentCheck): Promise<void> {
  const body = await vault.read(stored.key, stored.versionId);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) if (!(await check.feed(chunk))) break;
  } catch (error) {
    throw storageFailure(`GetObject ${stored.key}`, error);
  } finally {
    body.destroy();
  }
}
