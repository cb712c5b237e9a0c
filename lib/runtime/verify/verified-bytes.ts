import { createHash } from 'node:crypto';
import type { Receipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { storageFailure } from '../storage-failure.ts';
import type { StoredObject } from '../vault.ts';
import type { ReadableVault } from './watched-reads.ts';

/**
 * The bytes of one version of an object. It ends only where all of them were those that the receipt tells of, and throws
 * `damaged` in place of an end where not: until the end, nothing that was read may be acted upon for good.
 */
export async function* verifiedBytes(
  vault: Pick<ReadableVault, 'read'>,
  stored: StoredObject,
  receipt: Pick<Receipt, 'bytes' | 'sha256'>,
): AsyncGenerator<Buffer, void> {
  const body = await vault.read(stored.key, stored.versionId);
  const sha256 = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      sha256.update(chunk);
      if (bytes > receipt.bytes) break;
      yield chunk;
    }
  } catch (error) {
    // a connection that broke proves nothing; a checksum that the store's client finds wrong at the end does, and so does an end that
    // the store itself calls one
    if (bytes < stored.bytes) throw storageFailure(`GetObject ${stored.key}`, error);
  } finally {
    body.destroy();
  }
  const found = sha256.digest('hex');
  if (bytes === receipt.bytes && found === receipt.sha256) return;
  throw new Failure(
    'damaged',
    `${stored.key}: read ${bytes} bytes with SHA-256 ${found}, but the backup has ${receipt.bytes} with ${receipt.sha256}`,
  );
}
