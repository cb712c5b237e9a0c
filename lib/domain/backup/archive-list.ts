import type { DumpContents } from './receipt.ts';

/** What `pg_restore --list` says of an archive. */
export interface ArchiveList {
  /** All entries of the table of contents, those included that the list leaves out. */
  readonly entries: number;
  /** `schema name owner` of each entry with a table's data, as printed. */
  readonly tableData: readonly string[];
  readonly largeObjects: boolean;
}

const COUNT = /^;\s+TOC Entries: (\d+)$/;

/**
 * `id; catalog oid DESCRIPTION schema name owner`. Data has no catalog row of its own, hence the 0; this tells the data of a
 * table of schema `foo` from the definition of a table of schema `DATA`, which reads `TABLE DATA foo` as well.
 */
const TABLE_DATA = /^\d+; 0 \d+ TABLE DATA (.*)$/;
const LARGE_OBJECTS = /^\d+; 0 \d+ BLOBS /;

/** Reads the output of `pg_restore --list`; undefined where it is no such list. */
export function parseArchiveList(output: string): ArchiveList | undefined {
  let entries: number | undefined;
  let largeObjects = false;
  const tableData: string[] = [];
  for (const line of output.split('\n')) {
    const count = COUNT.exec(line)?.[1];
    if (count !== undefined) entries = Number(count);
    const data = TABLE_DATA.exec(line)?.[1];
    if (data !== undefined) tableData.push(data);
    largeObjects ||= LARGE_OBJECTS.test(line);
  }
  return entries === undefined ? undefined : { entries, tableData, largeObjects };
}

/** How the list of a stored archive differs from what its receipt says; undefined where both agree. */
export function differenceOf(list: ArchiveList, { tables, largeObjects }: DumpContents): string | undefined {
  const { missing, extra } = compareTables(list.tableData, tables);
  if (missing.length > 0) return `the archive has no data of ${examples(missing)}`;
  if (extra > 0) return `the archive has data of ${extra} tables that the receipt does not know`;
  if (list.largeObjects !== largeObjects.count > 0)
    return `the receipt counts ${largeObjects.count} large objects, but the archive has ${list.largeObjects ? 'some' : 'none'}`;
  return undefined;
}

/**
 * Names may contain spaces, and the owner after them is not known here, so a line belongs to a table if it begins with
 * its names. The longest names choose first: whatever begins with them also begins with the shorter ones, never the other way.
 */
function compareTables(lines: readonly string[], tables: DumpContents['tables']): { missing: string[]; extra: number } {
  const prefixes = tables.map(({ schema, name }) => `${asPrinted(schema)} ${asPrinted(name)} `);
  const left = [...lines].sort();
  const missing = prefixes
    .sort((a, b) => b.length - a.length)
    .filter((prefix) => {
      const at = firstAtOrAfter(left, prefix);
      if (!left[at]?.startsWith(prefix)) return true;
      left.splice(at, 1);
      return false;
    });
  return { missing, extra: left.length };
}

/** Sorted lines that begin alike stand together, so tens of thousands of tables do not take their square in time. */
function firstAtOrAfter(sorted: readonly string[], prefix: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `pg_restore --list` keeps one line an entry. */
const asPrinted = (name: string): string => name.replace(/[\r\n]/g, ' ');

const examples = (prefixes: readonly string[]): string =>
  `${prefixes
    .slice(0, 3)
    .map((prefix) => prefix.trim().replace(' ', '.'))
    .join(', ')}${prefixes.length > 3 ? ` and ${prefixes.length - 3} more` : ''}`;
