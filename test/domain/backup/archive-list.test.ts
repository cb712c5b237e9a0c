import { expect, it } from 'vitest';
import { differenceOf, parseArchiveList } from '../../../lib/domain/backup/archive-list.ts';
import type { DumpContents } from '../../../lib/domain/backup/receipt.ts';

const figures = { rows: 1, bytes: 1, sha256: 'a'.repeat(64) };
const contents = (...names: string[]): DumpContents => ({
  tables: names.map((name) => ({ schema: 'public', name, ...figures })),
  largeObjects: { count: 0, bytes: 0, sha256: 'b'.repeat(64) },
  sequences: 0,
});
const listed = (...tableData: string[]) => ({ entries: 9, tableData, largeObjects: false });

it('reads the number of entries, the data of tables and large objects off a list', () => {
  const output = `;
; Archive created at 2026-04-19 02:01:07 UTC
;     TOC Entries: 23
;
215; 1259 16396 TABLE public orders postgres
216; 1259 16399 TABLE DATA foo postgres
3357; 0 16396 TABLE DATA public orders postgres
3358; 0 16399 TABLE DATA DATA foo postgres
3360; 0 0 BLOBS - BLOBS
`;
  expect(parseArchiveList(output)).toEqual({
    entries: 23,
    tableData: ['public orders postgres', 'DATA foo postgres'],
    largeObjects: true,
  });
});

it('takes no other output for a list', () => {
  expect(parseArchiveList('')).toBeUndefined();
  expect(parseArchiveList('pg_restore (PostgreSQL) 17.6\n')).toBeUndefined();
});

it('tells tables apart whose names begin alike, whoever owns them', () => {
  const list = listed('public orders aaa postgres', 'public orders postgres', 'public orders aaa b postgres');
  expect(differenceOf(list, contents('orders', 'orders aaa', 'orders aaa b'))).toBeUndefined();
  expect(differenceOf(list, contents('orders', 'orders aaa'))).toMatch(/data of 1 tables/);
});

it('names a few of the tables that are missing', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  expect(differenceOf(listed(), contents(...names))).toBe('the archive has no data of public.a, public.b, public.c and 2 more');
});

it('compares fifty thousand tables without taking their square in time', () => {
  const names = Array.from({ length: 50_000 }, (_, n) => `table_${n}`);
  expect(differenceOf(listed(...names.map((name) => `public ${name} owner`)), contents(...names))).toBeUndefined();
});
