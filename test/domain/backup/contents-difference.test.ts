import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentsDifferences, showDifference } from '../../../lib/domain/backup/contents-difference.ts';
import type { DumpContents, TableContents } from '../../../lib/domain/backup/receipt.ts';

const hash = (digit: string): string => digit.repeat(64);

const table = (name: string, facts: Partial<TableContents> = {}): TableContents => ({
  schema: 'public',
  name,
  rows: 42,
  bytes: 420,
  sha256: hash('a'),
  ...facts,
});

const contents = (facts: Partial<DumpContents> = {}): DumpContents => ({
  tables: [table('orders'), table('customers')],
  largeObjects: { count: 2, bytes: 20, sha256: hash('b') },
  sequences: 3,
  ...facts,
});

const differences = (found: DumpContents): readonly string[] => contentsDifferences(found, contents()).map(showDifference);

describe('contents that were restored', () => {
  it('are the same as were backed up, in whatever order the tables come', () => {
    expect(differences(contents({ tables: [table('customers'), table('orders')] }))).toEqual([]);
  });

  it.each<[string, DumpContents, string]>([
    [
      'a row less',
      contents({ tables: [table('orders', { rows: 41 }), table('customers')] }),
      'public.orders: 41 rows, backed up were 42',
    ],
    [
      'other sizes',
      contents({ tables: [table('orders', { bytes: 419 }), table('customers')] }),
      'public.orders: 419 bytes in 42 rows, backed up were 420',
    ],
    [
      'other contents of the same size',
      contents({ tables: [table('orders', { sha256: hash('c') }), table('customers')] }),
      `public.orders: its 42 rows have other contents than were backed up (SHA-256 ${hash('c')}, not ${hash('a')})`,
    ],
    ['no such table', contents({ tables: [table('orders')] }), 'public.customers: is missing; 42 rows were backed up'],
    [
      'a table more',
      contents({ tables: [table('orders'), table('customers'), table('extra', { rows: 1 })] }),
      'public.extra: is not in the backup, but has 1 rows',
    ],
    [
      'a large object less',
      contents({ largeObjects: { count: 1, bytes: 20, sha256: hash('b') } }),
      'large objects: 1, backed up were 2',
    ],
    [
      'large objects with other bytes',
      contents({ largeObjects: { count: 2, bytes: 20, sha256: hash('d') } }),
      'large objects: have other contents than were backed up',
    ],
    ['a sequence less', contents({ sequences: 2 }), 'sequences: 2 have a value, backed up were 3'],
  ])('differ where there is %s, and the difference is named', (_, found, said) => {
    expect(differences(found)).toEqual([said]);
  });

  it('tell tables of two schemas apart, whatever dots are in their names', () => {
    const backedUp = contents({ tables: [table('c', { schema: 'a.b' })] });
    expect(contentsDifferences(contents({ tables: [table('b.c', { schema: 'a' })] }), backedUp)).toHaveLength(2);
  });

  it('differ wherever a single number or digit does', () => {
    const places = fc.constantFrom<(found: DumpContents) => DumpContents>(
      (found) => ({ ...found, sequences: found.sequences + 1 }),
      (found) => ({ ...found, tables: found.tables.slice(1) }),
      (found) => ({ ...found, tables: found.tables.map((one, n) => (n === 0 ? { ...one, rows: one.rows + 1 } : one)) }),
      (found) => ({ ...found, tables: found.tables.map((one, n) => (n === 1 ? { ...one, bytes: one.bytes - 1 } : one)) }),
      (found) => ({ ...found, tables: found.tables.map((one, n) => (n === 1 ? { ...one, sha256: hash('f') } : one)) }),
      (found) => ({ ...found, largeObjects: { ...found.largeObjects, bytes: found.largeObjects.bytes + 1 } }),
    );
    fc.assert(
      fc.property(places, (change) => {
        expect(contentsDifferences(change(contents()), contents())).not.toEqual([]);
      }),
    );
  });
});
