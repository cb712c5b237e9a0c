import type { TableName } from '../../lib/runtime/postgres/copy-statement.ts';

/** How many tables a warning names. */
const NAMED = 5;

/**
 * Warnings where the dump has other tables than the catalogue had just before. No failure: tables come and go between the two,
 * and partitions by hash of an enum are dumped under the name of their root.
 */
export function compareWithCatalogue(
  expected: readonly TableName[],
  dumped: readonly TableName[],
  blocks: number,
): readonly string[] {
  if (blocks === expected.length) return [];
  const have = new Set(dumped.map(show));
  const missing = expected.map(show).filter((table) => !have.has(table));
  const names =
    missing.length > 0 ? `, without ${missing.slice(0, NAMED).join(', ')}${missing.length > NAMED ? ', ...' : ''}` : '';
  return [`the dump has the data of ${blocks} tables, the catalogue had ${expected.length} just before${names}`];
}

const show = ({ schema, name }: TableName): string => `${schema}.${name}`;
