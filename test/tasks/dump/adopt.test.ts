import { beforeEach, describe, expect, it } from 'vitest';
import { tryKey } from '../../../lib/domain/backup/keys.ts';
import { factsOf } from '../../../lib/domain/outcomes.ts';
import { TryRecords } from '../../../lib/runtime/try-records.ts';
import { adoptStored } from '../../../tasks/dump/adopt.ts';
import { compareWithCatalogue } from '../../../tasks/dump/compare-with-catalogue.ts';
import { MemoryVault } from '../../support/memory-vault.ts';
import { receiptOf, SUNDAY } from '../../support/night.ts';

let vault: MemoryVault;
let tries: TryRecords;
beforeEach(() => {
  vault = new MemoryVault();
  tries = new TryRecords(vault, SUNDAY, 'shop');
});

const body = Buffer.from('the dump');
const receipt = receiptOf('shop', SUNDAY, body);
const failure = { result: 'failure', at: '2026-04-19T02:00:00Z', failure: factsOf('busy', 'no connection left') } as const;

describe('try records', () => {
  it('are numbered in the order in which they are written, past numbers that are taken', async () => {
    expect(await tries.add(failure)).toBe(tryKey(SUNDAY, 'shop', 1));
    expect(await tries.add(failure)).toBe(tryKey(SUNDAY, 'shop', 2));
    vault.put(tryKey(SUNDAY, 'shop', 4), failure);
    vault.put(tryKey(SUNDAY, 'shop', 5), failure);
    expect(await tries.add({ result: 'receipt', receipt })).toBe(tryKey(SUNDAY, 'shop', 6));
  });
});

describe('what lies under the key already', () => {
  it('is nothing, as a rule', async () => {
    expect(await adoptStored(vault, tries, receipt.key)).toBeUndefined();
  });

  it('is adopted where a receipt agrees, whatever other tries there were', async () => {
    await tries.add(failure);
    await tries.add({ result: 'receipt', receipt: receiptOf('shop', SUNDAY, Buffer.from('another')) });
    await tries.add({ result: 'receipt', receipt });
    vault.put(receipt.key, body);
    expect(await adoptStored(vault, tries, receipt.key)).toEqual(receipt);
  });

  it.each([
    ['no receipt', undefined],
    ['a receipt of another length', { ...receipt, bytes: receipt.bytes + 1 }],
    ['a receipt with another checksum', { ...receipt, crc32: '00000000' }],
  ])('is left alone where there is %s', async (_, present) => {
    if (present) await tries.add({ result: 'receipt', receipt: present });
    vault.put(receipt.key, body);
    await expect(adoptStored(vault, tries, receipt.key)).rejects.toMatchObject({ reason: 'conflict' });
  });
});

describe('compared with the catalogue', () => {
  const table = (name: string) => ({ schema: 'public', name });

  it('a dump of as many tables raises no warning, though one goes by the name of its root', () => {
    expect(compareWithCatalogue([table('a'), table('root_1')], [table('a'), table('root')], 2)).toEqual([]);
  });

  it('a dump that lacks tables is warned of, by their names', () => {
    expect(compareWithCatalogue(['a', 'b', 'c'].map(table), [table('b')], 1)).toEqual([
      'the dump has the data of 1 tables, the catalogue had 3 just before, without public.a, public.c',
    ]);
  });
});
