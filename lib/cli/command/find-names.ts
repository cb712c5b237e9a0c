import { distinctRoots } from '../../domain/backup/tree-roots.ts';

/**
 * The commands that list what the task would archive of a tree, for tar to read: GNU find with each pattern as an expression that
 * means the same. What lies in a folder that is left out is not looked at.
 */
export function findNames(roots: readonly string[], exclude: readonly string[]): readonly (readonly string[])[] {
  const left = exclude.flatMap((pattern, n) => [
    ...(n === 0 ? [] : ['-o']),
    ...(pattern.endsWith('/') ? ['-type', 'd'] : []),
    '-regex',
    expressionOf(pattern),
  ]);
  const pruned = left.length > 0 ? ['-regextype', 'posix-extended', '(', ...left, ')', '-prune', '-o'] : [];
  // sockets mean something only to the process that made them
  const find = ['find', ...distinctRoots(roots).map(asPath), ...pruned, '!', '-type', 's', '-print0'];
  // the task's names do not begin with ./
  return [find, ['sed', '-z', 's:^\\./::']];
}

/** A root that begins with a dash would be taken for an option. */
const asPath = (root: string): string => (root === '.' || root.startsWith('./') ? root : `./${root}`);

/** A pattern as a regular expression of the whole path, as find writes it: `./` and then names. See exclude-patterns.ts for what it means. */
function expressionOf(pattern: string): string {
  const body = pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  const anchored = /^\.?\//.test(pattern) || body.includes('/');
  const names = body.split(/\/+/);
  if (names.at(-1) === '**') names.push('*');
  const parts = (anchored ? names : ['**', ...names]).map((name) => (name === '**' ? '(.*/)?' : `${nameExpression(name)}/`));
  return `\\./${parts.join('').replace(/\/$/, '')}`;
}

const nameExpression = (name: string): string =>
  name
    .replace(/[.[\]{}()\\+|^$]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
