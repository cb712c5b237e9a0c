import type { ArchiveToc, ByteRange } from './archive-toc.ts';

/**
 * What goes with its table. pg_restore drops it before that, one by one, and fails at partitions: an index or a key that was
 * attached to its parent's cannot be dropped alone (PostgreSQL 15 to 18).
 */
const WITH_ITS_TABLE = new Set(['INDEX', 'CONSTRAINT', 'CHECK CONSTRAINT']);

/**
 * Makes an archive whose indexes and keys have no statement that drops them, out of its pieces as they stream by: in the front,
 * an empty text takes the place of each. Data are read front to back, so that it does not matter that they move.
 */
export class WithoutDrops {
  readonly #ranges: readonly ByteRange[];
  readonly #empty: Buffer;
  #next = 0;

  constructor({ entries, intBytes }: ArchiveToc) {
    this.#ranges = entries
      .filter(({ type }) => WITH_ITS_TABLE.has(type))
      .map(({ drop }) => drop)
      .sort((a, b) => a.start - b.start);
    this.#empty = Buffer.alloc(1 + intBytes);
  }

  /** What is handed on of a piece that stands at this place of the archive. */
  of(piece: Buffer, at: number): Buffer {
    const end = at + piece.length;
    const kept: Buffer[] = [];
    let from = at;
    for (let range = this.#ranges[this.#next]; range && range.start < end; range = this.#ranges[this.#next]) {
      if (range.start >= from) kept.push(piece.subarray(from - at, range.start - at), this.#empty);
      from = Math.min(range.end, end);
      if (range.end > end) break;
      this.#next++;
    }
    if (kept.length === 0 && from === at) return piece;
    return Buffer.concat([...kept, piece.subarray(from - at)]);
  }
}
