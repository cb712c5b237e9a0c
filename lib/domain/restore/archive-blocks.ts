import { Failure } from '../outcomes.ts';

/** A block of data in an archive: the rows of a table, or large objects. */
export interface ArchiveBlock {
  /** The number of the entry whose data it is. */
  readonly id: number;
  /** Where it ends, from the beginning of the archive. */
  readonly end: number;
}

/** `BLK_DATA` and `BLK_BLOBS` */
const ROWS = 1;
const LARGE_OBJECTS = 3;

type Awaited = 'kind' | 'id' | 'object' | 'length';

/**
 * Follows the blocks of data that come behind the front of an archive, as they stream by: a kind, the number of the entry, and
 * pieces with their lengths before them, the last of which is empty. Large objects are such pieces, an oid before each object, and
 * oid 0 behind the last.
 */
export class ArchiveBlocks {
  readonly #intBytes: number;
  readonly #ended: (block: ArchiveBlock) => void;
  #position: number;
  #awaited: Awaited = 'kind';
  #kind = ROWS;
  #id = 0;
  #skip = 0;
  /** A number that has come whole. */
  #complete: number | undefined;
  /** An integer of which only the first bytes have come. */
  #held = Buffer.alloc(0);

  constructor(start: number, intBytes: number, ended: (block: ArchiveBlock) => void) {
    this.#position = start;
    this.#intBytes = intBytes;
    this.#ended = ended;
  }

  /** The entry whose data is just coming; undefined between two blocks. */
  get current(): number | undefined {
    return this.#awaited === 'kind' || this.#awaited === 'id' ? undefined : this.#id;
  }

  /** Whether the archive may end here. */
  get idle(): boolean {
    return this.#awaited === 'kind' && this.#held.length === 0;
  }

  /** Takes the next bytes. Throws `damaged` where they cannot be what pg_dump wrote. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const read = this.#skip > 0 ? this.#pass(chunk, at) : this.#read(chunk, at);
      at += read;
      this.#position += read;
      this.#conclude();
    }
  }

  #pass(chunk: Buffer, at: number): number {
    const passed = Math.min(this.#skip, chunk.length - at);
    this.#skip -= passed;
    return passed;
  }

  #read(chunk: Buffer, at: number): number {
    const wanted = this.#awaited === 'kind' ? 1 : 1 + this.#intBytes;
    const taken = Math.min(wanted - this.#held.length, chunk.length - at);
    const bytes = chunk.subarray(at, at + taken);
    const all = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    const whole = all.length === wanted;
    this.#held = whole ? NOTHING : Buffer.from(all);
    this.#complete = whole ? this.#numberIn(all) : undefined;
    return taken;
  }

  #numberIn(bytes: Buffer): number {
    if (bytes.length === 1) return bytes[0] as number;
    return bytes[0] === 0 ? bytes.readUIntLE(1, this.#intBytes) : -1;
  }

  /** Acts on a number; `#position` is behind it. */
  #conclude(): void {
    const number = this.#complete;
    if (number === undefined) return;
    this.#complete = undefined;
    if (number < 0) throw this.#broken();
    if (this.#awaited === 'kind') {
      if (number !== ROWS && number !== LARGE_OBJECTS) throw this.#broken();
      this.#kind = number;
      this.#awaited = 'id';
    } else if (this.#awaited === 'id') {
      this.#id = number;
      this.#awaited = this.#kind === ROWS ? 'length' : 'object';
    } else if (this.#awaited === 'object') {
      if (number === 0) this.#end();
      else this.#awaited = 'length';
    } else if (number > 0) this.#skip = number;
    else if (this.#kind === ROWS) this.#end();
    else this.#awaited = 'object';
  }

  #end(): void {
    this.#awaited = 'kind';
    this.#ended({ id: this.#id, end: this.#position });
  }

  #broken(): Failure {
    return new Failure('damaged', `the archive's data is broken before byte ${this.#position}`);
  }
}

const NOTHING = Buffer.alloc(0);
