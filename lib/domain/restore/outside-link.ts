/**
 * What becomes of symbolic links that lead outside of the folder that is restored: nothing is restored (`refuse`), all else is
 * (`leaveOut`), or they are made like any other (`keep`). Nothing is ever written through one; but whoever uses the tree follows it.
 */
export const OUTSIDE_LINKS = ['refuse', 'leaveOut', 'keep'] as const;
export type OutsideLinks = (typeof OUTSIDE_LINKS)[number];

/** How many links Linux follows for one path before it gives up. */
const MOST_LINKS = 40;

/** Names in all that were followed; more than any path has room for. */
const MOST_NAMES = 4096;

/**
 * Whether a symbolic link leads out of the folder that is restored. It is followed as the kernel would, through other links of the
 * archive: two links that each stay inside on their own can lead outside together (`a -> b/c`, `d -> a/../../..`). A name that the
 * archive does not hold counts as a plain folder, since somebody can make it one later.
 *
 * `links`: the target of each symbolic link, by its path.
 */
export function leadsOutside(path: string, target: string, links: ReadonlyMap<string, string>): boolean {
  const at = path.split('/').slice(0, -1);
  const ahead = target.split('/').reverse();
  if (target.startsWith('/')) return true;
  let followed = 0;
  for (let names = 0; ahead.length > 0; names++) {
    if (names > MOST_NAMES) return true;
    const name = ahead.pop() as string;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (at.length === 0) return true;
      at.pop();
      continue;
    }
    at.push(name);
    const further = links.get(at.join('/'));
    if (further === undefined) continue;
    // nobody gets through a circle
    if (++followed > MOST_LINKS) return false;
    if (further.startsWith('/')) return true;
    at.pop();
    ahead.push(...further.split('/').reverse());
  }
  return false;
}
