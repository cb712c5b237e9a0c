import type { DumpContents, TableContents } from './receipt.ts';

/** One thing in which contents differ from those that were backed up. */
export interface ContentsDifference {
  /** `schema.table`, `large objects` or `sequences`. */
  readonly what: string;
  /** In words, with numbers: `41 rows, backed up were 42`. */
  readonly difference: string;
}

/**
 * Where contents (restored and dumped again) are not those that a receipt names, in the order of their names; none where they are equal.
 * Rows are compared before hashes, so that the first word is of the most help.
 */
export function contentsDifferences(found: DumpContents, backedUp: DumpContents): readonly ContentsDifference[] {
  return [
    ...tableDifferences(found.tables, backedUp.tables),
    ...largeObjectDifferences(found.largeObjects, backedUp.largeObjects),
    ...(found.sequences === backedUp.sequences
      ? []
      : [{ what: 'sequences', difference: `${found.sequences} have a value, backed up were ${backedUp.sequences}` }]),
  ];
}

/** A difference as it stands in a sentence: `public.orders: 41 rows, backed up were 42`. */
export const showDifference = ({ what, difference }: ContentsDifference): string => `${what}: ${difference}`;

function tableDifferences(found: readonly TableContents[], backedUp: readonly TableContents[]): readonly ContentsDifference[] {
  const there = new Map(found.map((table) => [keyOf(table), table] as const));
  const known = new Set(backedUp.map(keyOf));
  const differing = backedUp.flatMap((table) => {
    const difference = tableDifference(there.get(keyOf(table)), table);
    return difference === undefined ? [] : [{ what: nameOf(table), difference }];
  });
  const extra = found.filter((table) => !known.has(keyOf(table)));
  return [
    ...differing,
    ...extra.map((table) => ({ what: nameOf(table), difference: `is not in the backup, but has ${table.rows} rows` })),
  ].sort((a, b) => (a.what < b.what ? -1 : 1));
}

function tableDifference(found: TableContents | undefined, { rows, bytes, sha256 }: TableContents): string | undefined {
  if (!found) return `is missing; ${rows} rows were backed up`;
  if (found.rows !== rows) return `${found.rows} rows, backed up were ${rows}`;
  if (found.bytes !== bytes) return `${found.bytes} bytes in ${rows} rows, backed up were ${bytes}`;
  return found.sha256 === sha256
    ? undefined
    : `its ${rows} rows have other contents than were backed up (SHA-256 ${found.sha256}, not ${sha256})`;
}

function largeObjectDifferences(
  found: DumpContents['largeObjects'],
  { count, bytes, sha256 }: DumpContents['largeObjects'],
): readonly ContentsDifference[] {
  const what = 'large objects';
  if (found.count !== count) return [{ what, difference: `${found.count}, backed up were ${count}` }];
  if (found.bytes !== bytes) return [{ what, difference: `${found.bytes} bytes, backed up were ${bytes}` }];
  if (found.sha256 !== sha256) return [{ what, difference: 'have other contents than were backed up' }];
  return [];
}

const keyOf = ({ schema, name }: TableContents): string => JSON.stringify([schema, name]);
const nameOf = ({ schema, name }: TableContents): string => `${schema}.${name}`;
