import type { Receipt } from '../backup/receipt.ts';
import { showBytes } from '../bytes.ts';
import { plural } from '../plain-text.ts';
import type { Counts } from './source-outcome.ts';

/** What a receipt counted, in the numbers of its kind. */
export function countsOf(receipt: Receipt): Counts {
  switch (receipt.kind) {
    case 'database': {
      const { tables } = receipt.contents;
      return { of: 'database', tables: tables.length, rows: tables.reduce((sum, { rows }) => sum + rows, 0) };
    }
    case 'globals':
      return { of: 'globals', roles: receipt.contents.roles, settings: receipt.contents.settings };
    case 'files':
    case 'config':
    case 'datedFolder':
      return { of: 'tree', files: receipt.contents.files, bytes: receipt.contents.bytes };
  }
}

/** `12 tables, 1,204,331 rows`, `5 roles, 2 settings`, `310 files, 1.2 GiB unpacked` */
export function showCounts(counts: Counts): string {
  switch (counts.of) {
    case 'database':
      return `${plural(counts.tables, 'table')}, ${plural(counts.rows, 'row')}`;
    case 'globals':
      return `${plural(counts.roles, 'role')}, ${plural(counts.settings, 'setting')}`;
    case 'tree':
      return `${plural(counts.files, 'file')}, ${showBytes(counts.bytes)} unpacked`;
  }
}
