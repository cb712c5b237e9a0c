import type { TreeMember } from '../../domain/backup/tree-contents.ts';
import { Failure } from '../../domain/outcomes.ts';
import { ContentHash } from './content-hash.ts';
import { type PaxRecords, parsePaxRecords } from './pax-records.ts';
import { SparseMap } from './sparse-map.ts';
import { type Extensions, entryOf, memberOf, type TarEntry } from './tar-entry.ts';
import { BLOCK, isZeroBlock, parseHeader, type TarHeader } from './tar-header.ts';

/** The longest extended header that is kept: names and link targets have 4 KiB each at most. */
const LONGEST_EXTENSION = 1024 ** 2;

/** What one `push` hashes of holes at most: 30 ms. A hole of 1 TiB takes nine minutes, in which the process must stay awake. */
const HOLE_BYTES_A_PUSH = 64 * 1024 ** 2;

/** A member whose content was read to its end. */
export interface ScannedMember {
  readonly member: TreeMember;
  /** Its path as bytes. */
  readonly path: Buffer;
  /** When it was last changed in any way, as tar saw it before it read the content. */
  readonly ctime: string | undefined;
}

/** Who wants more than the members: what they hold, as it goes by. */
export interface ContentTaker {
  /** A member whose headers were read; of a file, its content comes next. */
  opened(entry: TarEntry): void;
  /** The next bytes of a file, in the memory that was pushed. */
  data(bytes: Buffer): void;
  /** So many zeros, which are not in the stream. */
  hole(bytes: number): void;
}

interface Content {
  readonly entry: TarEntry;
  readonly hash: ContentHash;
}

/** An extended header whose data is being gathered. */
interface Extension {
  readonly type: string;
  readonly data: Buffer;
  length: number;
}

/**
 * Reads a tar stream as it goes by and tells every member with the SHA-256 of its content. What GNU tar writes in POSIX format
 * is understood in full, its older formats but for sparse files and volumes too; anything else is refused, not passed over.
 *
 * A tar stream that is cut between two members looks whole to `tar -t`. Here it is whole only with the two blocks of zeros at its end.
 */
export class TarScanner {
  readonly #found: (member: ScannedMember) => void;
  readonly #taker: ContentTaker | undefined;
  readonly #block = Buffer.alloc(BLOCK);
  #blockLength = 0;
  #extensions: Extensions = { global: new Map() };
  #extension: Extension | undefined;
  #map: { readonly entry: TarEntry; readonly map: SparseMap; blocks: number } | undefined;
  #content: Content | undefined;
  #padding = 0;
  #zeroBlocks = 0;

  constructor(found: (member: ScannedMember) => void, taker?: ContentTaker) {
    this.#found = found;
    this.#taker = taker;
  }

  /**
   * Reads on from `start` and returns up to where. That is short of the chunk's end where a hole is being hashed: then call again
   * with it, after others have had their turn.
   */
  push(chunk: Buffer, start = 0): number {
    let holes = HOLE_BYTES_A_PUSH;
    let at = start;
    while (at < chunk.length) {
      if (this.#padding > 0) {
        const length = Math.min(this.#padding, chunk.length - at);
        this.#padding -= length;
        at += length;
      } else if (this.#content) {
        const { hash } = this.#content;
        holes -= this.#skip(hash, holes);
        if (hash.hole > 0) return at;
        at = this.#readContent(this.#content, chunk, at);
      } else {
        at = this.#readBlock(chunk, at);
      }
    }
    return at;
  }

  /** Throws where the stream ended anywhere but behind its end mark. */
  finish(): void {
    if (this.#zeroBlocks < 2 || this.#blockLength > 0) throw new Failure('decode', `the tar stream ends ${this.#where()}`);
  }

  #readContent(content: Content, chunk: Buffer, at: number): number {
    const length = Math.min(content.hash.wanted, chunk.length - at);
    if (length > 0) this.#takeData(content.hash, chunk.subarray(at, at + length));
    if (content.hash.wanted === 0 && content.hash.hole === 0) this.#closeContent(content);
    return at + length;
  }

  #takeData(hash: ContentHash, data: Buffer): void {
    hash.take(data);
    this.#taker?.data(data);
  }

  #skip(hash: ContentHash, most: number): number {
    const skipped = hash.skip(most);
    if (skipped > 0) this.#taker?.hole(skipped);
    return skipped;
  }

  #readBlock(chunk: Buffer, at: number): number {
    if (this.#blockLength === 0 && at + BLOCK <= chunk.length) {
      this.#takeBlock(chunk.subarray(at, at + BLOCK));
      return at + BLOCK;
    }
    const length = Math.min(BLOCK - this.#blockLength, chunk.length - at);
    chunk.copy(this.#block, this.#blockLength, at, at + length);
    this.#blockLength += length;
    if (this.#blockLength === BLOCK) {
      this.#blockLength = 0;
      this.#takeBlock(this.#block);
    }
    return at + length;
  }

  #takeBlock(block: Buffer): void {
    if (this.#extension) this.#gather(this.#extension, block);
    else if (this.#map) this.#readMap(this.#map, block);
    else if (isZeroBlock(block)) this.#zero();
    else if (this.#zeroBlocks > 0) throw new Failure('decode', 'the tar stream goes on after its end mark');
    else this.#open(parseHeader(block));
  }

  #zero(): void {
    if (this.#isExtended) throw new Failure('decode', 'the tar stream has an extended header that no member follows');
    this.#zeroBlocks++;
  }

  #open(header: TarHeader): void {
    if ('xgLK'.includes(header.type)) {
      if (header.size > LONGEST_EXTENSION) throw new Failure('decode', 'the tar stream has an extended header that is too long');
      this.#extension = { type: header.type, data: Buffer.alloc(header.size), length: 0 };
      if (header.size === 0) this.#extend(this.#extension);
      return;
    }
    const entry = entryOf(header, this.#extensions);
    this.#extensions = { global: this.#extensions.global };
    if (entry.sparse) this.#map = { entry, map: new SparseMap(), blocks: 0 };
    else if (entry.type === 'file') this.#openContent({ entry, hash: new ContentHash(entry.bytes) });
    else this.#openOther(entry);
  }

  #gather(extension: Extension, block: Buffer): void {
    extension.length += block.copy(extension.data, extension.length);
    if (extension.length === extension.data.length) this.#extend(extension);
  }

  #extend({ type, data }: Extension): void {
    this.#extension = undefined;
    if (type === 'L') this.#extensions = { ...this.#extensions, longName: upToNul(data) };
    else if (type === 'K') this.#extensions = { ...this.#extensions, longLink: upToNul(data) };
    else if (type === 'g')
      this.#extensions = { ...this.#extensions, global: joined(this.#extensions.global, parsePaxRecords(data)) };
    else this.#extensions = { ...this.#extensions, own: parsePaxRecords(data) };
  }

  #readMap(open: { readonly entry: TarEntry; readonly map: SparseMap; blocks: number }, block: Buffer): void {
    open.blocks++;
    if (!open.map.take(block)) return;
    this.#map = undefined;
    const { entry } = open;
    const extents = open.map.extents(entry.bytes);
    const data = extents.reduce((sum, { bytes }) => sum + bytes, 0);
    if (open.blocks * BLOCK + data !== entry.stored)
      throw new Failure('decode', 'the tar stream has a sparse file whose map and size disagree');
    this.#openContent({ entry, hash: new ContentHash(entry.bytes, extents) });
  }

  #openOther(entry: TarEntry): void {
    this.#taker?.opened(entry);
    this.#tell(entry, '');
  }

  #openContent(content: Content): void {
    this.#taker?.opened(content.entry);
    if (content.hash.wanted === 0 && content.hash.hole === 0) this.#closeContent(content);
    else this.#content = content;
  }

  #closeContent({ entry, hash }: Content): void {
    this.#content = undefined;
    this.#padding = (BLOCK - (entry.stored % BLOCK)) % BLOCK;
    this.#tell(entry, hash.digest());
  }

  #tell(entry: TarEntry, sha256: string): void {
    this.#found({ member: memberOf(entry, sha256), path: entry.path, ctime: entry.ctime });
  }

  get #isExtended(): boolean {
    const { own, longName, longLink } = this.#extensions;
    return own !== undefined || longName !== undefined || longLink !== undefined;
  }

  #where(): string {
    if (this.#content || this.#map || this.#padding > 0) return 'inside a file';
    if (this.#blockLength > 0 || this.#extension || this.#isExtended) return 'inside a header';
    return 'before its end mark';
  }
}

function joined(before: PaxRecords, more: PaxRecords): PaxRecords {
  return new Map([...before, ...more]);
}

function upToNul(data: Buffer): Buffer {
  const end = data.indexOf(0);
  return end < 0 ? data : data.subarray(0, end);
}
