import { beforeEach, describe, expect, it } from 'vitest';
import { manifest } from '../../functions/manifest/manifest.ts';
import { foundKey, manifestKey, tryKey } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import { artifactOf } from '../../lib/domain/source/artifact-of.ts';
import { NOTHING_FOUND } from '../../lib/domain/source/found.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { begun, minutesAfter, planOf, receiptOf, SUNDAY, sourceOf } from '../support/night.ts';
import { globalsReceiptOf, treeReceiptOf } from '../support/receipts.ts';
import { configFilesOf, datedFolderOf, datedFoldersOf, filesOf, globalsOf } from '../support/sources.ts';

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

/** Commits a backup by the receipt of its second try, and reads what was written. */
async function commitOf(id: string, receipt: Receipt): Promise<Manifest> {
  const { bytes, sha256, crc32, key } = receipt;
  const { tocEntries: _, ...seen } = { ...verification, bytes, sha256, crc32, tryKey: tryKey(SUNDAY, id, 2) };
  vault.put(seen.tryKey, { result: 'receipt', receipt });
  const step = manifest({ vault, now: () => minutesAfter(SUNDAY, 5) });
  expect(await step({ planKey, id, verification: seen })).toEqual({ manifestKey: manifestKey(key) });
  return Manifest.parse(vault.json(manifestKey(key)));
}

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

  it.each([
    ['a database', sourceOf('beta'), receiptOf('beta', SUNDAY, Buffer.from('x')), { database: 'beta', tier: 'daily' }],
    ['globals', globalsOf('beta'), globalsReceiptOf(artifactOf(globalsOf('beta'), SUNDAY), Buffer.from('x')), { tier: 'daily' }],
    ['files', filesOf('beta'), treeReceiptOf('files', artifactOf(filesOf('beta'), SUNDAY), Buffer.from('x')), { tier: 'daily' }],
    [
      'a configuration',
      configFilesOf('beta'),
      treeReceiptOf('config', artifactOf(configFilesOf('beta'), SUNDAY), Buffer.from('x')),
      { tier: 'daily' },
    ],
  ])('says what kind it is of, and what is in it: %s', async (_, source, receipt, names) => {
    planKey = begun(vault, planOf([source], { plan: 'media' }));
    const written = await commitOf(source.id, receipt);
    expect(written).toMatchObject({ kind: source.kind, sourceId: 'beta', slot: SUNDAY, plan: 'media', receipt, ...names });
    expect('database' in written).toBe(source.kind === 'database');
    expect(written).not.toHaveProperty('date');
  });

  it('says of a dated folder which date it is of, and which run archived it', async () => {
    const folder = datedFolderOf('rpps', '2026-04-15');
    const plan = planOf([datedFoldersOf('rpps')]);
    planKey = begun(vault, plan);
    vault.put(foundKey(plan), { ...NOTHING_FOUND, sources: [folder] });

    const written = await commitOf(folder.id, treeReceiptOf('datedFolder', artifactOf(folder, SUNDAY), Buffer.from('x')));

    expect(written).toMatchObject({
      sourceId: 'rpps',
      kind: 'datedFolder',
      date: '2026-04-15',
      slot: SUNDAY,
      tier: 'archive',
      key: 'archive/rpps_2026-04-15.tar.gz',
    });
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
