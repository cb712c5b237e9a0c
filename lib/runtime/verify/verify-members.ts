import { createHash } from 'node:crypto';
import { membersKey } from '../../domain/backup/keys.ts';
import type { TreeReceipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { countNewlines } from '../postgres/count-newlines.ts';
import { storageFailure } from '../storage-failure.ts';
import { digestOf } from '../stored-digest.ts';
import { TreeDecoder } from '../tree/tree-decoder.ts';
import type { ReadableVault } from './watched-reads.ts';

/**
 * Reads the list of a tree's members and compares it with the receipt: its key carries the SHA-256 of the stored bytes, and
 * unpacked it is the list that the task hashed. Of an encrypted list only the first can be told.
 */
export async function verifyMembers(vault: Pick<ReadableVault, 'head' | 'read'>, receipt: TreeReceipt): Promise<void> {
  const { key, count, sha256 } = receipt.contents.members;
  const stored = await vault.head(key);
  if (!stored) throw new Failure('damaged', `the list of members is gone: ${key}`);
  const list = receipt.encryption ? undefined : new ListReader();
  try {
    const digest = await digestOf(await vault.read(key, stored.versionId), async (chunk) => list?.feed(chunk));
    if (digest.fault && digest.bytes < stored.bytes) throw storageFailure(`GetObject ${key}`, digest.fault);
    if (membersKey(receipt.key, digest.sha256) !== key)
      throw new Failure('damaged', `${key}: read ${digest.bytes} bytes with SHA-256 ${digest.sha256}`);
    const found = (await list?.finish(key)) ?? { count, sha256 };
    if (found.sha256 !== sha256 || found.count !== count)
      throw new Failure('damaged', `${key} has ${found.count} members (SHA-256 ${found.sha256}); sent were ${count} (${sha256})`);
  } finally {
    list?.stop();
  }
}

/** Unpacks a list and hashes it. What is wrong with it is said at the end, since other bytes than were stored matter more. */
class ListReader {
  readonly #sha256 = createHash('sha256');
  readonly #decoder: TreeDecoder;
  #count = 0;
  #fault: unknown;

  constructor() {
    this.#decoder = new TreeDecoder('gzip', (piece) => {
      this.#sha256.update(piece);
      this.#count += countNewlines(piece);
      return undefined;
    });
  }

  async feed(chunk: Buffer): Promise<void> {
    if (this.#fault === undefined) await this.#note(this.#decoder.write(chunk));
  }

  async finish(key: string): Promise<{ readonly count: number; readonly sha256: string }> {
    if (this.#fault === undefined) await this.#note(this.#decoder.end());
    if (this.#fault !== undefined) throw new Failure('damaged', `${key} cannot be unpacked`, { cause: this.#fault });
    return { count: this.#count, sha256: this.#sha256.digest('hex') };
  }

  stop(): void {
    this.#decoder.stop();
  }

  async #note(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (fault) {
      this.#fault = fault;
    }
  }
}
