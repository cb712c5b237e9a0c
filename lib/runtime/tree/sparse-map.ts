import { Failure } from '../../domain/outcomes.ts';
import { BLOCK, sizeOf } from './tar-header.ts';

/** A stretch of a file that the archive holds; between them are holes, which read as zeros. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** No number of a map is longer. */
const LONGEST_NUMBER = 16;

/**
 * Reads the map of a sparse file as tar's PAX format 1.0 writes it before the data: decimal numbers, a line each (how many
 * extents, then offset and size of each), filled up with zeros to a whole block.
 */
export class SparseMap {
  readonly #extents: Extent[] = [];
  #expected: number | undefined;
  #offset: number | undefined;
  #line = '';

  /** Takes one block; true when the map is complete. */
  take(block: Buffer): boolean {
    let at = 0;
    while (at < BLOCK && !this.#complete) {
      const end = block.indexOf('\n', at, 'latin1');
      this.#line += block.toString('latin1', at, end < 0 ? BLOCK : end);
      if (this.#line.length > LONGEST_NUMBER) throw unreadable();
      if (end < 0) return false;
      this.#number(this.#line);
      this.#line = '';
      at = end + 1;
    }
    return this.#complete;
  }

  /** The extents, in order, none over another or over the end of the file. */
  extents(fileBytes: number): readonly Extent[] {
    let end = 0;
    for (const { offset, bytes } of this.#extents) {
      if (offset < end || offset + bytes > fileBytes) throw unreadable();
      end = offset + bytes;
    }
    return this.#extents;
  }

  get #complete(): boolean {
    return this.#expected !== undefined && this.#extents.length === this.#expected;
  }

  #number(digits: string): void {
    if (!/^\d+$/.test(digits)) throw unreadable();
    const value = sizeOf(Number(digits));
    if (this.#expected === undefined) this.#expected = value;
    else if (this.#offset === undefined) this.#offset = value;
    else {
      this.#extents.push({ offset: this.#offset, bytes: value });
      this.#offset = undefined;
    }
  }
}

const unreadable = (): Failure => new Failure('decode', 'the tar stream has a sparse file whose map does not add up');
