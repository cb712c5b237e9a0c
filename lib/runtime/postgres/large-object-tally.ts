import { createHash, type Hash } from 'node:crypto';
import type { DumpContents } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { DigestSum } from './digest-sum.ts';

const QUOTE = 0x27;
const LETTER_X = 0x78;

/**
 * Counts and hashes large objects as `lo_open`, `lowrite` and `lo_close` pass by.
 *
 * The hash is the sum of SHA-256(oid, NUL, content) over all objects: a server lists them in whatever order they lie.
 */
export class LargeObjectTally {
  #count = 0;
  #bytes = 0;
  readonly #sum = new DigestSum();
  #open: Hash | undefined;

  opened(oid: string): void {
    this.closed();
    this.#count++;
    this.#open = createHash('sha256').update(`${oid}\0`);
  }

  /** `SELECT pg_catalog.lowrite(0, '\x6162…')`; the backslash is doubled where the server reads it as an escape. */
  wrote(statement: Buffer): void {
    const digits = statement.indexOf(LETTER_X, statement.indexOf(QUOTE)) + 1;
    const hex = statement.toString('latin1', digits, statement.lastIndexOf(QUOTE));
    const bytes = Buffer.from(hex, 'hex');
    // decoding stops in silence at the first character that is no hex digit
    if (!this.#open || bytes.length === 0 || bytes.length * 2 !== hex.length)
      throw new Failure('decode', 'a large object was written in an unknown form');
    this.#open.update(bytes);
    this.#bytes += bytes.length;
  }

  closed(): void {
    if (!this.#open) return;
    this.#sum.add(this.#open.digest('hex'));
    this.#open = undefined;
  }

  total(): DumpContents['largeObjects'] {
    this.closed();
    return { count: this.#count, bytes: this.#bytes, sha256: this.#sum.hex };
  }
}
