import { nearest } from './nearest.ts';

/** A name that nothing has. It is repeated only where it looks like one: a connection string may stand here, password and all. */
export function unknownName(name: string, known: readonly string[], where: string): string {
  const shown = /^[\w-]{1,63}$/.test(name) ? `"${name}"` : 'this';
  if (known.length === 0) return `${shown} is not under ${where}, where there is nothing yet; add it there`;
  const meant = nearest(name, known);
  const remedy = meant ? `did you mean "${meant}"? There are` : 'add it there, or write one of those';
  return `${shown} is not under ${where}; ${remedy}: ${known.join(', ')}`;
}
