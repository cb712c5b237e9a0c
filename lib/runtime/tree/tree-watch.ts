import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { pathText } from '../../domain/backup/path-text.ts';
import { NO_PATHS, type PathList, type TreeChanges, withPath } from '../../domain/backup/tree-changes.ts';
import { WHOLE_FOLDER } from '../../domain/backup/tree-roots.ts';
import { Failure } from '../../domain/outcomes.ts';
import { secondsOf } from './file-times.ts';
import type { ScannedMember } from './tar-scanner.ts';
import { codeOf, isGone, placeOf, type WalkedEntry } from './walk-tree.ts';

/** What came of the names that tar was given. */
export interface Watched {
  readonly changes: TreeChanges;
  /** Given to tar, still there, and not in the archive. */
  readonly missing: PathList;
}

type Note = keyof TreeChanges | 'missing';

interface OpenFolder {
  readonly path: Buffer;
  readonly ctime: string | undefined;
}

/**
 * Compares the members of the archive with the names that tar was given, and each file, right after its content has gone by, with
 * what tar saw when it opened it. tar itself says the same only in prose.
 */
export class TreeWatch {
  readonly #folder: string;
  /** Given to tar and not yet seen; as many as tar reads ahead. */
  readonly #given: WalkedEntry[] = [];
  /** The folders that the walk is in: they are looked at again when it has left them. */
  readonly #open: OpenFolder[] = [];
  readonly #noted: Record<Note, PathList> = { changed: NO_PATHS, vanished: NO_PATHS, folders: NO_PATHS, missing: NO_PATHS };

  constructor(folder: string) {
    this.#folder = folder;
  }

  given(entry: WalkedEntry): void {
    this.#given.push(entry);
  }

  /** Notes what was gone before tar could be told of it. */
  gone(path: Buffer): void {
    this.#note(path, 'vanished');
  }

  /** Takes members in the order of the archive. */
  async archived(members: readonly ScannedMember[]): Promise<void> {
    const { pairs, passedOver } = this.#paired(members);
    const left = pairs.flatMap(({ entry }) => this.#enter(entry));
    await this.#noteAll([
      ...passedOver.map((entry) => [entry, this.#whyMissing(entry)] as const),
      ...pairs.map(({ member, entry }) => [entry, this.#compare(member, entry)] as const),
      ...left.map((folder) => [folder, this.#compareFolder(folder)] as const),
    ]);
  }

  /** After the last member. */
  async finish(): Promise<Watched> {
    await this.#noteAll(this.#given.splice(0).map((entry) => [entry, this.#whyMissing(entry)] as const));
    const open = this.#open.splice(0).reverse();
    await this.#noteAll(open.map((folder) => [folder, this.#compareFolder(folder)] as const));
    const { missing, ...changes } = this.#noted;
    return { changes, missing };
  }

  /** Files are looked at side by side, and noted in the order of the archive. */
  async #noteAll(looks: readonly (readonly [{ readonly path: Buffer }, Promise<Note | undefined>])[]): Promise<void> {
    const notes = await Promise.all(looks.map(([, note]) => note));
    for (const [index, [{ path }]] of looks.entries()) this.#note(path, notes[index]);
  }

  #note(path: Buffer, note: Note | undefined): void {
    if (note) this.#noted[note] = withPath(this.#noted[note], pathText(path));
  }

  /** Each member with the name that it answers, and the names between that tar passed over. */
  #paired(members: readonly ScannedMember[]) {
    const pairs: { readonly member: ScannedMember; readonly entry: WalkedEntry }[] = [];
    const passedOver: WalkedEntry[] = [];
    let next = 0;
    for (const member of members) {
      for (let entry = this.#given[next++]; ; entry = this.#given[next++]) {
        if (!entry) throw new Failure('decode', 'tar archived a name that it was not given');
        if (entry.path.equals(member.path)) {
          pairs.push({ member, entry });
          break;
        }
        passedOver.push(entry);
      }
    }
    this.#given.splice(0, next);
    return { pairs, passedOver };
  }

  /** Returns the folders that the walk left by coming to this entry. */
  #enter(entry: WalkedEntry): readonly OpenFolder[] {
    const left: OpenFolder[] = [];
    for (let last = this.#open.at(-1); last && !isBelow(entry.path, last.path); last = this.#open.at(-1)) {
      left.push(last);
      this.#open.pop();
    }
    if (entry.type === 'directory') this.#open.push({ path: entry.path, ctime: entry.ctime });
    return left;
  }

  async #compare({ member, ctime }: ScannedMember, entry: WalkedEntry): Promise<Note | undefined> {
    if (entry.type === 'directory' && member.type === 'directory') return undefined;
    const stats = await this.#look(entry.path);
    if (typeof stats === 'string') return unseen(stats);
    const sameType = entry.type === member.type || member.type === 'hardlink';
    const sameTime = ctime === undefined ? secondsOf(stats.mtimeNs) === member.mtime : secondsOf(stats.ctimeNs) === ctime;
    const sameSize = member.type !== 'file' || stats.size === BigInt(member.bytes);
    return sameType && sameTime && sameSize ? undefined : 'changed';
  }

  async #compareFolder({ path, ctime }: OpenFolder): Promise<Note | undefined> {
    const stats = await this.#look(path);
    if (typeof stats === 'string') return unseen(stats);
    return stats.isDirectory() && secondsOf(stats.ctimeNs) === ctime ? undefined : 'folders';
  }

  /** tar passed over this name: it vanished, or there is an error that must not be passed over here. */
  async #whyMissing({ path }: WalkedEntry): Promise<Note> {
    const stats = await this.#look(path);
    if (typeof stats === 'string') return unseen(stats);
    const code = await access(placeOf(this.#folder, path), constants.R_OK).then(() => undefined, codeOf);
    return isGone(code) ? 'vanished' : 'missing';
  }

  /** How a file is now, or the code of the error that says that it cannot be seen. */
  #look(path: Buffer) {
    return lstat(placeOf(this.#folder, path), { bigint: true }).catch(codeOf);
  }
}

const unseen = (code: string): Note => (isGone(code) ? 'vanished' : 'missing');

const SLASH = 0x2f;

function isBelow(path: Buffer, folder: Buffer): boolean {
  if (String(folder) === WHOLE_FOLDER) return true;
  return path.length > folder.length && path[folder.length] === SLASH && folder.equals(path.subarray(0, folder.length));
}
