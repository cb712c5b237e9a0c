/** Says whether a path, relative to the source's folder, is left out; a folder that is takes with it all that it holds. */
export type Excludes = (path: string, isFolder: boolean) => boolean;

/**
 * Compiles patterns of paths to leave out, with the meaning that they have in a `.gitignore`:
 *
 * - without a slash, or with one at the end only, it fits a name in any folder: `*.tmp`, `cache/`;
 * - with a slash elsewhere it fits a path from the source's folder on: `/annuaire/`, `media/cache`;
 * - with a slash at the end it fits folders only;
 * - `*` is any part of one name, `?` one character of it, `**` between slashes any number of folders. Everything else is
 *   itself: there are no `[a-z]`, no `!`, no backslashes.
 *
 * Names that begin with a dot are nothing special.
 */
export function compileExcludes(patterns: readonly string[]): Excludes {
  const compiled = patterns.map((pattern) => ({ names: namesOf(pattern), folders: pattern.endsWith('/') }));
  return (path, isFolder) => {
    const names = path.split('/').map((name) => Array.from(name));
    return compiled.some((pattern) => (isFolder || !pattern.folders) && fits(pattern.names, names, isAnyFolders, fitsName));
  };
}

const ANY_FOLDERS = ['*', '*'];
const isAnyFolders = (name: readonly string[]): boolean => name.join('') === '**';

/** The names of a pattern, each as its characters: not UTF-16 units, so that `?` is one emoji. */
function namesOf(pattern: string): readonly (readonly string[])[] {
  const body = pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  const anchored = /^\.?\//.test(pattern) || body.includes('/');
  const names = body.split(/\/+/).map((name) => Array.from(name));
  const last = names.at(-1);
  // at the end it means what a folder holds, not the folder
  if (last && isAnyFolders(last)) names.push(['*']);
  return anchored ? names : [ANY_FOLDERS, ...names];
}

const fitsName = (pattern: readonly string[], name: readonly string[]): boolean =>
  fits(
    pattern,
    name,
    (character) => character === '*',
    (wanted, character) => wanted === '?' || wanted === character,
  );

/**
 * Whether items fit a pattern in which some parts stand for any number of them. Only the last such part is ever tried with
 * more items, so the time is bounded by pattern times items; a regular expression takes for ever for `*a*a*a*b`.
 */
function fits<P, I>(
  pattern: readonly P[],
  items: readonly I[],
  isAny: (part: P) => boolean,
  fitsOne: (part: P, item: I) => boolean,
): boolean {
  let part = 0;
  let retryPart = -1;
  let retryItem = 0;
  for (let item = 0; item < items.length; ) {
    const current = pattern[part];
    if (current !== undefined && isAny(current)) {
      retryPart = ++part;
      retryItem = item;
    } else if (current !== undefined && fitsOne(current, items[item] as I)) {
      part++;
      item++;
    } else if (retryPart >= 0) {
      part = retryPart;
      item = ++retryItem;
    } else {
      return false;
    }
  }
  return pattern.slice(part).every(isAny);
}
