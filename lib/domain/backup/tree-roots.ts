/** The folder itself. */
export const WHOLE_FOLDER = '.';

/**
 * What of a folder is archived, as paths relative to it, in the order of their bytes: written one way, and none inside another,
 * so that nothing is archived twice.
 */
export function distinctRoots(roots: readonly string[]): readonly string[] {
  const plain = [...new Set(roots.map(plainPath))].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (plain.includes(WHOLE_FOLDER)) return [WHOLE_FOLDER];
  return plain.filter((root) => !plain.some((other) => root.startsWith(`${other}/`)));
}

function plainPath(root: string): string {
  const names = root.split('/').filter((name) => name !== '' && name !== '.');
  return names.join('/') || WHOLE_FOLDER;
}
