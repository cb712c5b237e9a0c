import type { DumpContents, TableContents } from '../../domain/backup/receipt.ts';
import { showBytes } from '../../domain/bytes.ts';
import { plural } from '../../domain/plain-text.ts';
import { showCount } from '../terminal/fields.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** As many tables as fit on a screen; the largest tell most. */
const SHOWN = 20;

/** So much of a hash tells two contents apart; --json has the whole. */
const HASH_DIGITS = 12;

const COLUMNS: readonly Column[] = [
  { title: 'TABLE', shrinks: true },
  { title: 'ROWS', align: 'right' },
  { title: 'DATA', align: 'right' },
  { title: 'SHA-256' },
];

/** What a dump holds, table by table, the largest first. */
export function contentLines(
  { tables, largeObjects, sequences }: DumpContents,
  terminal: Terminal,
  all: boolean,
): readonly string[] {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const largest = [...tables].sort((a, b) => b.bytes - a.bytes || b.rows - a.rows);
  const shown = all ? largest : largest.slice(0, SHOWN);
  const hidden = tables.length - shown.length;
  return [
    `Contents: ${plural(tables.length, 'table')}, ${plural(rows, 'row')}, ${plural(sequences, 'sequence')}, ${largeObjectsLine(largeObjects)}`,
    ...(shown.length > 0 ? indented(shown, terminal.resultColumns) : []),
    ...(hidden > 0 ? [`  and ${hidden} smaller; --all shows every table`] : []),
  ];
}

const indented = (tables: readonly TableContents[], width: number | undefined): readonly string[] =>
  renderTable(COLUMNS, tables.map(row), width === undefined ? undefined : width - 2).map((line) => `  ${line}`);

const row = ({ schema, name, rows, bytes, sha256 }: TableContents): readonly string[] => [
  `${schema}.${name}`,
  showCount(rows),
  showBytes(bytes),
  sha256.slice(0, HASH_DIGITS),
];

const largeObjectsLine = ({ count, bytes }: DumpContents['largeObjects']): string =>
  count === 0 ? 'no large objects' : `${plural(count, 'large object')} (${showBytes(bytes)})`;
