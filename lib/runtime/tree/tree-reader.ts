import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { memberLine, type ScannedTree, type TreeMember } from '../../domain/backup/tree-contents.ts';
import { type ContentTaker, type ScannedMember, TarScanner } from './tar-scanner.ts';

/** Which count a member adds to. */
const COUNTED = { file: 'files', directory: 'directories', symlink: 'links', hardlink: 'links', other: 'others' } as const;

/** Reads a tar stream and counts and hashes all that its receipt says of it. Memory depends on neither files nor their number. */
export class TreeReader {
  readonly #tar = createHash('sha256');
  readonly #list = createHash('sha256');
  readonly #counts = { files: 0, directories: 0, links: 0, others: 0 };
  readonly #scanner: TarScanner;
  #tarBytes = 0;
  #fileBytes = 0;
  #members = 0;

  /** `found` is told of every member, with its line of the list of members, when `taker` was given what it holds. */
  constructor(found: (member: ScannedMember, line: string) => void = () => undefined, taker?: ContentTaker) {
    this.#scanner = new TarScanner((scanned) => found(scanned, this.#count(scanned.member)), taker);
  }

  /** Bytes of tar so far. */
  get tarBytes(): number {
    return this.#tarBytes;
  }

  /** Takes the next piece; it is read before this returns, unless there is a promise (of large holes), then before that settles. */
  take(piece: Buffer): Promise<void> | undefined {
    this.#tar.update(piece);
    this.#tarBytes += piece.length;
    const read = this.#scanner.push(piece);
    return read < piece.length ? this.#takeRest(piece, read) : undefined;
  }

  /** Throws where the stream is not whole. */
  finish(): ScannedTree {
    this.#scanner.finish();
    return {
      ...this.#counts,
      bytes: this.#fileBytes,
      tar: { bytes: this.#tarBytes, sha256: this.#tar.digest('hex') },
      members: { count: this.#members, sha256: this.#list.digest('hex') },
    };
  }

  async #takeRest(piece: Buffer, from: number): Promise<void> {
    for (let at = from; at < piece.length; at = this.#scanner.push(piece, at)) await setImmediate();
  }

  #count(member: TreeMember): string {
    const line = memberLine(member);
    this.#list.update(line);
    this.#members++;
    this.#counts[COUNTED[member.type]]++;
    if (member.type === 'file') this.#fileBytes += member.bytes;
    return line;
  }
}
