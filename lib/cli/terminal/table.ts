import { oneLine } from '../../domain/plain-text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Whether its texts may be cut where the table is too wide. */
  readonly shrinks?: boolean;
  /** Whether it is left out where the table is too wide, before anything is cut. */
  readonly optional?: boolean;
}

/** A text, and what is done to it after it has its width (colours have none). */
export interface PaintedCell {
  readonly text: string;
  readonly paint: (text: string) => string;
}

export type Cell = string | PaintedCell;

interface Laid {
  readonly column: Column;
  readonly at: number;
  readonly width: number;
}

const GAP = '  ';
const NARROWEST = 12;

/**
 * Lays out rows under titles. With `width` a table that is too wide loses what is optional, then the columns that shrink are cut in
 * the middle, the widest first; without it nothing is cut.
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], width?: number): readonly string[] {
  const laid = fitted(natural(columns, rows), width);
  const line = (cells: readonly Cell[]): string =>
    laid
      .map(({ column, at, width: wide }) => shown(column, wide, cells[at] ?? ''))
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

const natural = (columns: readonly Column[], rows: readonly (readonly Cell[])[]): readonly Laid[] =>
  columns.map((column, at) => ({
    column,
    at,
    width: rows.reduce((most, row) => Math.max(most, textOf(row[at] ?? '').length), column.title.length),
  }));

const total = (laid: readonly Laid[]): number => laid.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);

function fitted(laid: readonly Laid[], width = Number.POSITIVE_INFINITY): readonly Laid[] {
  const excess = total(laid) - width;
  const optional = laid.findLastIndex(({ column }) => column.optional);
  return excess > 0 && optional >= 0 ? fitted(laid.toSpliced(optional, 1), width) : shrunk(laid, excess);
}

/** Takes so many characters away, each from the column that is the widest then. */
function shrunk(laid: readonly Laid[], excess: number): readonly Laid[] {
  const widths = laid.map(({ width }) => width);
  for (let left = excess; left > 0; left--) {
    const room = laid.map(({ column }, n) => (column.shrinks && (widths[n] ?? 0) > NARROWEST ? (widths[n] ?? 0) : 0));
    const widest = Math.max(...room);
    if (widest === 0) break;
    widths[room.indexOf(widest)] = widest - 1;
  }
  return laid.map((one, n) => ({ ...one, width: widths[n] ?? one.width }));
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
