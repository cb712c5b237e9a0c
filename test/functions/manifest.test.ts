import { beforeEach, describe, expect, it } from 'vitest';
import { manifest } from '../../functions/manifest/manifest.ts';
import { tryKey } from '../../lib/domain/keys.ts';
import { Manifest } from '../../lib/domain/manifest.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { begun, minutesAfter, planOf, receiptOf, SUNDAY, sourceOf } from '../support/night.ts';

const KEY = 'daily/alpha_20260419_020000.dump';
const receipt = receiptOf('alpha', SUNDAY, Buffer.from('dump'));
const { bytes, sha256, crc32 } = receipt;
const verification = {
  at: minutesAfter(SUNDAY, 4).toISOString(),
  tryKey: tryKey(SUNDAY, 'alpha', 2),
  bytes,
  sha256,
  crc32,
  readBack: true,
  versionId: 'v1',
  tocEntries: 12,
};

let vault: MemoryVault;
let planKey: string;
const commit = (facts: object = {}, minutes = 5) =>
  manifest({ vault, now: () => minutesAfter(SUNDAY, minutes) })({
    planKey,
    id: 'alpha',
    verification: { ...verification, ...facts },
  });

beforeEach(() => {
  vault = new MemoryVault();
  planKey = begun(vault, planOf([sourceOf('alpha')]));
  vault.put(verification.tryKey, { result: 'receipt', receipt });
});

describe('manifest', () => {
  it('commits the backup with all that is known of it', async () => {
    expect(await commit()).toEqual({ manifestKey: `${KEY}.manifest.json` });

    const written = Manifest.parse(vault.json(`${KEY}.manifest.json`));
    expect(written).toMatchObject({ key: KEY, tier: 'daily', proof: 'verified', slot: SUNDAY, receipt, verification });
  });

  it('is the same when it is called again', async () => {
    await commit();
    const before = vault.json(`${KEY}.manifest.json`);
    expect(await commit({}, 9)).toEqual({ manifestKey: `${KEY}.manifest.json` });
    expect(vault.json(`${KEY}.manifest.json`)).toEqual(before);
  });

  it('never overwrites a manifest that is about other bytes', async () => {
    await commit();
    const other = receiptOf('alpha', SUNDAY, Buffer.from('another dump'));
    vault.put(tryKey(SUNDAY, 'alpha', 3), { result: 'receipt', receipt: other });
    const again = commit({ tryKey: tryKey(SUNDAY, 'alpha', 3), bytes: other.bytes, sha256: other.sha256, crc32: other.crc32 });
    await expect(again).rejects.toMatchObject({ name: 'Nightproof.conflict' });
  });

  it.each([
    ['other bytes', { bytes: bytes + 1 }],
    ['another SHA-256', { sha256: 'f'.repeat(64) }],
    ['another CRC32', { crc32: 'ffffffff' }],
    ['a record that is not there', { tryKey: tryKey(SUNDAY, 'alpha', 7) }],
    ['a record of another source', { tryKey: tryKey(SUNDAY, 'beta', 1) }],
  ])('commits nothing on a verification of %s', async (_, facts) => {
    vault.put(tryKey(SUNDAY, 'beta', 1), { result: 'receipt', receipt });
    await expect(commit(facts)).rejects.toMatchObject({ name: 'Nightproof.internal' });
    expect(vault.keys('daily/')).toEqual([]);
  });
});
