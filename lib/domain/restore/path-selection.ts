import { showPath } from '../backup/path-text.ts';
import { distinctRoots, WHOLE_FOLDER } from '../backup/tree-roots.ts';
import { Failure } from '../outcomes.ts';
import { foldersOf, type SafeMember } from './unsafe-member.ts';

/**
 * Which members of an archive are restored: the paths that were asked for, and all below them. Folders above them keep their
 * rights and times where the archive has them.
 *
 * A further name of a file that was not asked for needs that file's content, which went by before. So whoever reads the archive
 * twice shows its members here first (`foresee`): the content is then restored under the name that was asked for.
 */
export class PathSelection {
  readonly #paths: ReadonlySet<string>;
  readonly #above: ReadonlySet<string>;
  readonly #met = new Set<string>();
  readonly #standIns = new Map<string, string>();

  /** Without paths: all. */
  constructor(paths?: readonly string[]) {
    const distinct = paths ? distinctRoots(paths) : [WHOLE_FOLDER];
    if (distinct.length === 0) throw new Failure('paths', 'no path to restore was named');
    this.#paths = new Set(distinct);
    this.#above = new Set(distinct.flatMap(foldersOf));
  }

  /** Whether this path was asked for. */
  selects(path: string): boolean {
    return this.#asked(path) !== undefined;
  }

  /** Notes a hard link whose file was not asked for. */
  foresee(member: SafeMember): void {
    if (member.make !== 'hardlink' || !this.selects(member.path) || this.selects(member.target)) return;
    if (!this.#standIns.has(member.target)) this.#standIns.set(member.target, member.path);
  }

  /** Where a member goes; undefined where it is not wanted. */
  placeOf({ make, path }: SafeMember): string | undefined {
    const asked = this.#asked(path);
    if (asked !== undefined) this.#met.add(asked);
    const wanted = asked !== undefined || (make === 'directory' && (path === WHOLE_FOLDER || this.#above.has(path)));
    return wanted ? path : this.#standIns.get(path);
  }

  /** Where the file lies that a hard link shall be another name of. */
  fileOf(link: string, target: string): string {
    const place = this.selects(target) ? target : this.#standIns.get(target);
    if (place !== undefined) return place;
    throw new Failure('paths', `"${showPath(link)}" is another name of "${showPath(target)}": name that path as well`);
  }

  /** Throws where a path that was asked for is not in the archive. */
  finish(): void {
    const missing = [...this.#paths].filter((path) => path !== WHOLE_FOLDER && !this.#met.has(path));
    if (missing.length === 0) return;
    const named = missing.map((path) => `"${showPath(path)}"`).join(', ');
    throw new Failure('paths', `the archive does not hold ${named}`);
  }

  #asked(path: string): string | undefined {
    if (this.#paths.has(WHOLE_FOLDER)) return WHOLE_FOLDER;
    if (this.#paths.has(path)) return path;
    return foldersOf(path).find((folder) => this.#paths.has(folder));
  }
}
