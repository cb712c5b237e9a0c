import { plural } from '../plain-text.ts';
import { showPath } from './path-text.ts';

/** What is kept of a list of paths: a tree of millions of files can change as a whole. */
const PATHS_KEPT = 1_000;

/** What a line of text names. */
const PATHS_SHOWN = 10;

/** Paths by the text of path-text.ts: how many, and the first thousand of them. */
export interface PathList {
  readonly count: number;
  readonly paths: readonly string[];
}

/** What the tree did while it was read. */
export interface TreeChanges {
  /** Archived, but written to since: what lies in the archive may be half of one state and half of another, or end in zeros. */
  readonly changed: PathList;
  /** Found, and gone before or while they were read. */
  readonly vanished: PathList;
  /** Folders in which a name appeared or vanished; no file's content is in doubt by that. */
  readonly folders: PathList;
}

export const NO_PATHS: PathList = { count: 0, paths: [] };

export const withPath = ({ count, paths }: PathList, path: string): PathList => ({
  count: count + 1,
  paths: paths.length < PATHS_KEPT ? [...paths, path] : paths,
});

/** Whether the tree stood still while it was read. */
export const stoodStill = ({ changed, vanished, folders }: TreeChanges): boolean =>
  changed.count + vanished.count + folders.count === 0;

/** The first of the paths, on one line, and how many more there are. */
export function showPaths({ count, paths }: PathList): string {
  const shown = paths.slice(0, PATHS_SHOWN).map((path) => `"${showPath(path)}"`);
  const more = count - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

/** What an operator is told of an archive that is good but for these files. */
export function changeWarnings({ changed, vanished }: TreeChanges, tarExitCode: number): readonly string[] {
  const unnamed = tarExitCode === 1 && changed.count + vanished.count === 0;
  return [
    ...(changed.count > 0 ? [`${plural(changed.count, 'file')} changed while read: ${showPaths(changed)}`] : []),
    ...(vanished.count > 0 ? [`${plural(vanished.count, 'file')} vanished before or while read: ${showPaths(vanished)}`] : []),
    ...(unnamed ? ['tar says that a file changed while it read it; none shows it any more'] : []),
  ];
}
