import { pathText } from '../../domain/backup/path-text.ts';
import type { ScannedTree } from '../../domain/backup/tree-contents.ts';
import { ArchiveBudget, type ArchiveLimit } from '../../domain/restore/archive-limit.ts';
import { MemberJudge, type SafeMember } from '../../domain/restore/unsafe-member.ts';
import type { TarEntry } from './tar-entry.ts';
import { TreeReader } from './tree-reader.ts';

/** Takes the members of an archive that may be made, and what files hold, piece by piece. */
export interface MemberTaker {
  opened(member: SafeMember, entry: TarEntry): void;
  data(bytes: Buffer): void;
  hole(bytes: number): void;
  /** The member that was opened last is complete. */
  closed(): void;
}

/** Reads a tar stream within its limit, and judges every member before it is passed on. */
export class JudgedReader {
  readonly judge = new MemberJudge();
  readonly #budget: ArchiveBudget;
  readonly #reader: TreeReader;

  constructor(limit: ArchiveLimit, taker: MemberTaker) {
    this.#budget = new ArchiveBudget(limit);
    this.#reader = new TreeReader(() => taker.closed(), {
      opened: (entry) => taker.opened(this.#judged(entry), entry),
      data: (bytes) => taker.data(bytes),
      hole: (bytes) => taker.hole(bytes),
    });
  }

  /** Bytes of tar so far. */
  get tarBytes(): number {
    return this.#reader.tarBytes;
  }

  /** Takes the next piece, as `TreeReader` does. Throws `unsafe-archive`, and passes nothing on of the member that it is about. */
  take(piece: Buffer): Promise<void> | undefined {
    this.#budget.tar(piece.length);
    return this.#reader.take(piece);
  }

  /** Throws where the stream is not whole. */
  finish(): ScannedTree {
    return this.#reader.finish();
  }

  #judged({ path, type, mode, linkTarget, bytes }: TarEntry): SafeMember {
    this.#budget.member(bytes);
    return this.judge.judge({ path: pathText(path), type, mode, linkTarget });
  }
}
