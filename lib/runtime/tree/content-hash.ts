import { createHash } from 'node:crypto';
import type { Extent } from './sparse-map.ts';

/** Holes are hashed in pieces of this size. */
const ZEROS = Buffer.alloc(256 * 1024);

/** SHA-256 of a file as a restore gives it: the data of the archive, and zeros for the holes between. */
export class ContentHash {
  readonly #hash = createHash('sha256');
  readonly #extents: readonly Extent[];
  readonly #bytes: number;
  #extent = 0;
  #at = 0;

  /** A file of so many bytes; `extents` is where the archive has data of it. */
  constructor(bytes: number, extents: readonly Extent[] = [{ offset: 0, bytes }]) {
    this.#bytes = bytes;
    this.#extents = extents.filter((extent) => extent.bytes > 0);
  }

  /** Data of the archive that can be taken now. */
  get wanted(): number {
    const extent = this.#extents[this.#extent];
    return extent && this.#at >= extent.offset ? extent.offset + extent.bytes - this.#at : 0;
  }

  /** Zeros to be hashed before more data is taken, or before the end. */
  get hole(): number {
    const extent = this.#extents[this.#extent];
    return Math.max(0, (extent ? extent.offset : this.#bytes) - this.#at);
  }

  take(data: Buffer): void {
    this.#hash.update(data);
    this.#at += data.length;
    const extent = this.#extents[this.#extent];
    if (extent && this.#at === extent.offset + extent.bytes) this.#extent++;
  }

  /** Hashes as much of the hole as `most` allows; returns how much. */
  skip(most: number): number {
    const length = Math.min(this.hole, most);
    for (let left = length; left > 0; left -= ZEROS.length) this.#hash.update(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
    this.#at += length;
    return length;
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
