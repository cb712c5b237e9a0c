import type { TocEntry } from './archive-toc.ts';
import type { PresentObjects } from './present-objects.ts';

/** What must be there before a table that uses it. */
const KINDS = new Map<string, 'schema' | 'type' | 'function' | 'extension' | 'relation' | undefined>([
  ['SCHEMA', 'schema'],
  ['EXTENSION', 'extension'],
  ['TYPE', 'type'],
  ['SHELL TYPE', 'type'],
  ['DOMAIN', 'type'],
  ['FUNCTION', 'function'],
  ['PROCEDURE', 'function'],
  ['AGGREGATE', 'function'],
  ['TABLE', 'relation'],
  ['SEQUENCE', 'relation'],
  ['COLLATION', undefined],
  ['OPERATOR', undefined],
  ['OPERATOR CLASS', undefined],
  ['OPERATOR FAMILY', undefined],
  ['ACCESS METHOD', undefined],
  ['PROCEDURAL LANGUAGE', undefined],
  ['CAST', undefined],
  ['FOREIGN DATA WRAPPER', undefined],
  ['SERVER', undefined],
  ['TEXT SEARCH CONFIGURATION', undefined],
  ['TEXT SEARCH DICTIONARY', undefined],
]);

/** Whether an entry of this type can be something that a table needs. */
export const canBeNeeded = ({ type }: TocEntry): boolean => KINDS.has(type);

/** Whether the target has it; of kinds that are not looked at, it never has. */
export function isPresent({ type, schema, name }: TocEntry, present: PresentObjects): boolean {
  const kind = KINDS.get(type);
  // of the arguments of a function, enough is known by its name
  if (kind === 'function') return present.has(kind, schema, name.slice(0, name.indexOf('(')));
  return kind !== undefined && present.has(kind, schema, name);
}
