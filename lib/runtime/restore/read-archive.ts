import { Failure } from '../../domain/outcomes.ts';
import { ArchiveBlocks } from '../../domain/restore/archive-blocks.ts';
import { type ArchiveToc, parseArchiveToc } from '../../domain/restore/archive-toc.ts';

/** What an archive holds, and where. */
export interface ReadArchive {
  readonly toc: ArchiveToc;
  /** Where the data of each entry ends, from the beginning of the archive. */
  readonly blockEnds: ReadonlyMap<number, number>;
}

/** How much of the front is gathered before it is looked at; most fronts are shorter. */
const FIRST_LOOK_BYTES = 1024 ** 2;

/** A database of a million tables has a front of some 500 MB; pg_restore keeps it in memory as well. */
const LONGEST_FRONT_BYTES = 1024 ** 3;

/** Reads an archive to its end; keeps of it the front, and where its blocks end. */
export async function readArchive(archive: AsyncIterable<Buffer>): Promise<ReadArchive> {
  const reader = new ArchiveReader();
  for await (const piece of archive) reader.push(piece);
  return reader.finish();
}

/** Reads no more of an archive than its front. */
export async function readToc(archive: AsyncIterable<Buffer>): Promise<ArchiveToc> {
  const front = new ArchiveFront();
  for await (const piece of archive) {
    front.push(piece);
    if (front.toc) return front.toc;
  }
  return front.finish().toc;
}

class ArchiveFront {
  #pieces: Buffer[] = [];
  #gathered = 0;
  #lookAt = FIRST_LOOK_BYTES;
  #toc: ArchiveToc | undefined;

  /** Undefined until the pieces reach so far. */
  get toc(): ArchiveToc | undefined {
    return this.#toc;
  }

  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#gathered += piece.length;
    // looked at again only when it has doubled, so that a long front does not take its square in time
    if (this.#gathered >= this.#lookAt) this.#look();
  }

  /** The front, and what was gathered behind it. Throws `damaged` where the archive ends before. */
  finish(): { readonly toc: ArchiveToc; readonly behind: Buffer } {
    if (!this.#toc) this.#look();
    if (!this.#toc) throw endsInTheMiddle();
    const behind = Buffer.concat(this.#pieces).subarray(this.#toc.bytes);
    this.#pieces = [];
    return { toc: this.#toc, behind };
  }

  #look(): void {
    const front = Buffer.concat(this.#pieces);
    this.#pieces = [front];
    this.#lookAt = front.length * 2;
    this.#toc = parseArchiveToc(front);
    if (!this.#toc && front.length > LONGEST_FRONT_BYTES)
      throw new Failure('damaged', `the archive's table of contents is longer than ${LONGEST_FRONT_BYTES} bytes`);
  }
}

class ArchiveReader {
  readonly #front = new ArchiveFront();
  #toc: ArchiveToc | undefined;
  #blocks: ArchiveBlocks | undefined;
  readonly #blockEnds = new Map<number, number>();

  push(piece: Buffer): void {
    if (this.#blocks) {
      this.#blocks.push(piece);
      return;
    }
    this.#front.push(piece);
    if (this.#front.toc) this.#beginBlocks();
  }

  finish(): ReadArchive {
    if (!this.#toc) this.#beginBlocks();
    const missing = this.#toc?.entries.some(({ id, hasData }) => hasData && !this.#blockEnds.has(id));
    if (!this.#toc || !this.#blocks?.idle || missing) throw endsInTheMiddle();
    return { toc: this.#toc, blockEnds: this.#blockEnds };
  }

  #beginBlocks(): void {
    const { toc, behind } = this.#front.finish();
    this.#toc = toc;
    this.#blocks = new ArchiveBlocks(toc.bytes, toc.intBytes, ({ id, end }) => this.#blockEnds.set(id, end));
    this.#blocks.push(behind);
  }
}

const endsInTheMiddle = (): Failure => new Failure('damaged', 'the archive ends in the middle');
