import { expect, it } from 'vitest';
import { cutInMiddle, renderTable } from '../../lib/cli/terminal/table.ts';

const COLUMNS = [{ title: 'ID', shrinks: true }, { title: 'N', align: 'right' as const }, { title: 'LAST' }];

it('aligns columns by their longest cell, without spaces at the end', () => {
  expect(
    renderTable(COLUMNS, [
      ['a', '1', 'x'],
      ['bbb', '100', ''],
    ]),
  ).toEqual(['ID     N  LAST', 'a      1  x', 'bbb  100']);
});

it('cuts only the column that may shrink, and not below a readable width', () => {
  const rows = [['a'.repeat(40), '12', 'last']];

  expect(renderTable(COLUMNS, rows, 30)[1]).toBe(`${'a'.repeat(10)}…${'a'.repeat(9)}  12  last`);
  expect(renderTable(COLUMNS, rows, 5)[1]).toBe(`${'a'.repeat(6)}…${'a'.repeat(5)}  12  last`);
});

it('paints a cell without moving the ones after it', () => {
  const painted = { text: 'ok', paint: (text: string) => `<${text}>` };

  expect(
    renderTable(COLUMNS, [
      ['long', painted, 'x'],
      ['b', '12345', 'y'],
    ]),
  ).toEqual(['ID        N  LAST', 'long     <ok>  x', 'b     12345  y']);
});

it('keeps a row on its line, whatever a name holds', () => {
  expect(renderTable(COLUMNS, [['a\nb\u001b[2J', '$&', 'x']])).toEqual(['ID        N  LAST', 'a b [2J  $&  x']);
});

it('keeps both ends of a text that it cuts', () => {
  expect(cutInMiddle('abcdefgh', 5)).toBe('ab…gh');
  expect(cutInMiddle('abcde', 5)).toBe('abcde');
});
