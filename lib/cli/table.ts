import { oneLine } from '../domain/plain-text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Whether its texts may be cut where the table is too wide. At most one column has it. */
  readonly shrinks?: boolean;
}

/** A text, and what is done to it after it has its width (colours have none). */
export interface PaintedCell {
  readonly text: string;
  readonly paint: (text: string) => string;
}

export type Cell = string | PaintedCell;

const GAP = '  ';
const NARROWEST = 12;

/** Lays out rows under titles. With `width` the column that shrinks is cut in the middle as far as needed; without it nothing is cut. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], width?: number): readonly string[] {
  const widths = widthsOf(columns, rows, width);
  const line = (cells: readonly Cell[]): string =>
    columns
      .map((column, at) => shown(column, widths[at] ?? 0, cells[at] ?? ''))
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

function widthsOf(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number | undefined): readonly number[] {
  const natural = columns.map(({ title }, at) =>
    rows.reduce((most, row) => Math.max(most, textOf(row[at] ?? '').length), title.length),
  );
  if (width === undefined) return natural;

  const total = natural.reduce((sum, one) => sum + one, GAP.length * (columns.length - 1));
  return natural.map((one, at) => (columns[at]?.shrinks && total > width ? Math.max(NARROWEST, one - (total - width)) : one));
}

function shown({ align }: Column, width: number, cell: Cell): string {
  const text = cutInMiddle(textOf(cell), width);
  const padded = align === 'right' ? text.padStart(width) : text.padEnd(width);
  return typeof cell === 'string' ? padded : padded.replace(text, () => cell.paint(text));
}

/** Names come from databases: a control character in one must not reach the terminal. */
const textOf = (cell: Cell): string => oneLine(typeof cell === 'string' ? cell : cell.text);

/** Both ends of a name tell more than its first half. */
export function cutInMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
