import type { Receipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { Decryption } from '../encryption/age-decryption.ts';
import type { StoredObject } from '../vault.ts';
import { verifiedBytes } from '../verify/verified-bytes.ts';
import { type ReadableVault, watchedReads } from '../verify/watched-reads.ts';

export interface PlainReading {
  readonly vault: ReadableVault;
  readonly decrypt?: Decryption;
  readonly signal: AbortSignal;
}

/**
 * The plain bytes of one version of an object. It ends only where every stored byte was the one that the receipt tells of, and
 * throws in place of the end where not.
 */
export async function* plainBytes(
  stored: StoredObject,
  receipt: Receipt,
  { vault, decrypt, signal }: PlainReading,
): AsyncGenerator<Buffer, void> {
  const storedBytes = (): AsyncGenerator<Buffer, void> => verifiedBytes(watchedReads(vault, { signal }), stored, receipt);
  const bytes = storedBytes();
  if (!receipt.encryption) {
    yield* bytes;
    return;
  }
  if (!decrypt) throw new Failure('identity', `${stored.key} is encrypted, and no identity is configured`);
  try {
    yield* decrypt(bytes);
  } catch (error) {
    // a rotten header looks like one for other people: whoever is told so searches for a key that was never there
    if (error instanceof Failure && error.reason === 'identity') for await (const _ of storedBytes());
    throw error;
  }
  // what is behind the encrypted bytes must be read to know whether all were right
  for await (const rest of bytes) if (rest.length > 0) throw new Failure('damaged', `${stored.key} goes on behind its end`);
}
