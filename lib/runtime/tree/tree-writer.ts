import { chmod, link, lutimes, mkdir, symlink, utimes } from 'node:fs/promises';
import { pathBytes, showPath } from '../../domain/backup/path-text.ts';
import { NO_PATHS, type PathList, withPath } from '../../domain/backup/tree-changes.ts';
import { WHOLE_FOLDER } from '../../domain/backup/tree-roots.ts';
import type { PathSelection } from '../../domain/restore/path-selection.ts';
import { foldersOf, type SafeMember } from '../../domain/restore/unsafe-member.ts';
import { fileTime } from './file-times.ts';
import type { MemberTaker } from './judged-reader.ts';
import type { TarEntry } from './tar-entry.ts';
import { writingFailure } from './writing-failure.ts';
import { WrittenFile } from './written-file.ts';

/** Rights of a folder until all in it is made, and of one that the archive only implies. */
const WHILE_WRITTEN = 0o700;
const IMPLIED = 0o755;

/** Of a folder; without a time where no member stands for it. */
interface FolderFacts {
  readonly mode: number;
  readonly mtime?: string;
}

type SafeLink = SafeMember & { readonly make: 'symlink' };

/** What a writer made. */
export interface WrittenTree {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  /** Of all files, holes included. */
  readonly bytes: number;
  /** Pipes and devices, which are never made. */
  readonly skipped: PathList;
  /** What had more than plain rights and has only those now. */
  readonly strippedRights: PathList;
}

type Step = { readonly path: string } & (
  | { readonly file: WrittenFile }
  | { readonly folder: true }
  | { readonly linkTo: string }
);

/**
 * Makes the members of an archive inside one folder that nobody else writes to.
 *
 * 1. Told of members and their content without waiting, it notes what is to be done; `flush` does it, the files of one piece of the
 *    stream side by side.
 * 2. Until all files are written there is no symbolic link below the folder, so none can be gone through. They are made at the end,
 *    then folders get their rights and times, the innermost first: making something in them would change both.
 * 3. Every name is made anew; one that is there already is an error, on any file system, whatever it takes for the same name.
 */
export class TreeWriter implements MemberTaker {
  readonly #top: Buffer;
  readonly #selection: PathSelection;
  readonly #made = new Set([WHOLE_FOLDER]);
  readonly #folders = new Map<string, FolderFacts>([[WHOLE_FOLDER, { mode: IMPLIED }]]);
  readonly #links: (SafeLink & { readonly mtime: string })[] = [];
  #steps: Step[] = [];
  #file: { readonly file: WrittenFile; readonly path: string } | undefined;
  #files = 0;
  #linkCount = 0;
  #bytes = 0;
  #skipped = NO_PATHS;
  #strippedRights = NO_PATHS;

  constructor(top: string, selection: PathSelection) {
    this.#top = Buffer.from(top);
    this.#selection = selection;
  }

  get written(): WrittenTree {
    const made = { files: this.#files, directories: this.#made.size, links: this.#linkCount, bytes: this.#bytes };
    return { ...made, skipped: this.#skipped, strippedRights: this.#strippedRights };
  }

  opened(member: SafeMember, entry: TarEntry): void {
    const path = this.#selection.placeOf(member);
    if (path === undefined) return;
    switch (member.make) {
      case 'file':
        this.#openFile(path, member.mode, entry);
        break;
      case 'directory':
        this.#steps.push({ path, folder: true });
        this.#folders.set(path, { mode: member.mode, mtime: entry.mtime });
        break;
      case 'symlink':
        this.#links.push({ ...member, mtime: entry.mtime });
        break;
      case 'hardlink':
        this.#hardLink(path, this.#selection.fileOf(path, member.target));
        break;
      case 'nothing':
        this.#skipped = withPath(this.#skipped, path);
        break;
    }
    if ('strippedRights' in member && member.strippedRights) this.#strippedRights = withPath(this.#strippedRights, path);
  }

  data(bytes: Buffer): void {
    this.#file?.file.data(bytes);
  }

  hole(bytes: number): void {
    this.#file?.file.hole(bytes);
  }

  closed(): void {
    this.#file?.file.complete();
    this.#file = undefined;
  }

  /** Does all that was noted; the memory of the last piece is free then. Nothing is under way any more when it throws. */
  async flush(): Promise<void> {
    const [steps, goingOn] = [this.#steps, this.#file];
    this.#steps = goingOn ? [goingOn] : [];
    const running: Promise<void>[] = [];
    try {
      for (const step of steps) await this.#do(step, running);
      await Promise.all(running);
    } catch (error) {
      await Promise.allSettled(running);
      await abandon(steps);
      throw error;
    }
  }

  /** Makes the symbolic links but those that are left out, and gives folders their rights and times. */
  async finish(leftOut: (path: string) => boolean): Promise<void> {
    const made = new Set<string>();
    for (const member of this.#links) {
      if (leftOut(member.path)) continue;
      await this.#orSayWhat(member.path, this.#makeLink(member, made));
      made.add(member.path);
    }
    this.#linkCount += made.size;
    const innermostFirst = [...this.#folders].sort(([a], [b]) => depthOf(b) - depthOf(a));
    for (const [path, facts] of innermostFirst) await this.#orSayWhat(path, this.#settleFolder(path, facts));
  }

  /** Lets go of a file that was not written to its end. */
  abandon(): Promise<void> {
    return abandon(this.#steps);
  }

  #openFile(path: string, mode: number, { mtime, bytes }: TarEntry): void {
    const file = new WrittenFile(this.#placeOf(path), { mode, mtime });
    this.#file = { file, path };
    this.#steps.push({ path, file });
    this.#files++;
    this.#bytes += bytes;
  }

  #hardLink(path: string, target: string): void {
    // the content was written under this very name
    if (path === target) return;
    this.#steps.push({ path, linkTo: target });
    this.#linkCount++;
  }

  async #do(step: Step, running: Promise<void>[]): Promise<void> {
    if ('folder' in step) return this.#makeFolder(step.path);
    await this.#makeFolderOf(step.path);
    if ('file' in step) {
      const written = this.#orSayWhat(step.path, step.file.flush());
      // it is waited for at the end
      written.catch(() => undefined);
      running.push(written);
      return;
    }
    // the file itself may be among them
    await Promise.all(running);
    await this.#orSayWhat(step.path, link(this.#placeOf(step.linkTo), this.#placeOf(step.path)));
  }

  async #makeLink(
    { path, target, sameAs, mtime }: SafeLink & { readonly mtime: string },
    made: ReadonlySet<string>,
  ): Promise<void> {
    await this.#makeFolderOf(path);
    const place = this.#placeOf(path);
    // link(2) of Linux takes the link itself, not what it leads to
    if (sameAs !== undefined && made.has(sameAs) && process.platform === 'linux') return link(this.#placeOf(sameAs), place);
    await symlink(pathBytes(target), place);
    const time = fileTime(mtime);
    await lutimes(place, time, time);
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    for (const folder of [...foldersOf(path), path]) {
      if (this.#made.has(folder)) continue;
      await this.#orSayWhat(folder, mkdir(this.#placeOf(folder), WHILE_WRITTEN));
      this.#made.add(folder);
      if (!this.#folders.has(folder)) this.#folders.set(folder, { mode: IMPLIED });
    }
  }

  async #makeFolderOf(path: string): Promise<void> {
    const end = path.lastIndexOf('/');
    if (end >= 0) await this.#makeFolder(path.slice(0, end));
  }

  async #settleFolder(path: string, { mode, mtime }: FolderFacts): Promise<void> {
    const place = this.#placeOf(path);
    await chmod(place, mode);
    if (mtime === undefined) return;
    const time = fileTime(mtime);
    await utimes(place, time, time);
  }

  #placeOf(path: string): Buffer {
    return path === WHOLE_FOLDER ? this.#top : Buffer.concat([this.#top, SLASH, pathBytes(path)]);
  }

  async #orSayWhat(path: string, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      throw writingFailure(error, `"${showPath(path)}" cannot be made`);
    }
  }
}

const SLASH = Buffer.from('/');
const depthOf = (path: string): number => (path === WHOLE_FOLDER ? -1 : path.split('/').length);

async function abandon(steps: readonly Step[]): Promise<void> {
  for (const step of steps) if ('file' in step) await step.file.abandon();
}
