import type { ScannedTree, TreeContents } from '../backup/tree-contents.ts';
import { Failure } from '../outcomes.ts';

/** What an archive may hold at most, when it is unpacked. */
export interface ArchiveLimit {
  /** Bytes of the tar stream. */
  readonly tarBytes: number;
  /** Bytes of all files together, holes included. */
  readonly fileBytes: number;
  readonly members: number;
}

/** Exactly what was sent: a byte more is another archive. */
export const limitOf = ({ tar, bytes, members }: ScannedTree | TreeContents): ArchiveLimit => ({
  tarBytes: tar.bytes,
  fileBytes: bytes,
  members: members.count,
});

/** Counts what an archive holds, and throws before more of it is unpacked than it may hold. */
export class ArchiveBudget {
  readonly #limit: ArchiveLimit;
  readonly #spent = { tarBytes: 0, fileBytes: 0, members: 0 };

  constructor(limit: ArchiveLimit) {
    this.#limit = limit;
  }

  tar(bytes: number): void {
    this.#spend('tarBytes', bytes, 'bytes of tar');
  }

  /** A member, and of a file the bytes that its header announces. */
  member(fileBytes: number): void {
    this.#spend('members', 1, 'members');
    this.#spend('fileBytes', fileBytes, 'bytes in files');
  }

  #spend(what: keyof ArchiveLimit, amount: number, unit: string): void {
    this.#spent[what] += amount;
    if (this.#spent[what] > this.#limit[what])
      throw new Failure('unsafe-archive', `the archive holds more than the ${this.#limit[what]} ${unit} that it may hold`);
  }
}
