import { beforeEach, describe, expect, it } from 'vitest';
import { promote } from '../../functions/promote/promote.ts';
import { artifactKey, foundKey, manifestKey } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import { artifactKeyOf, artifactOf } from '../../lib/domain/source/artifact-of.ts';
import { NOTHING_FOUND } from '../../lib/domain/source/found.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, begun, manifestOf, minutesAfter, planOf, SUNDAY, slotBefore, sourceOf } from '../support/night.ts';
import { globalsReceiptOf, treeReceiptOf } from '../support/receipts.ts';
import { configFilesOf, datedFolderOf, datedFoldersOf, filesOf, globalsOf } from '../support/sources.ts';

const WEEKLY = 'weekly/alpha_20260419_020000.dump';
const MONTHLY = 'monthly/alpha_20260419_020000.dump';

let vault: MemoryVault;
let planKey: string;
let committed: string;
const run = () => promote({ vault, now: () => minutesAfter(SUNDAY, 20) })({ planKey, id: 'alpha', manifestKey: committed });

beforeEach(() => {
  vault = new MemoryVault();
  planKey = begun(vault, planOf([sourceOf('alpha'), sourceOf('alpha_two')]));
  committed = manifestKey(backup(vault, 'alpha', SUNDAY));
});

describe('promote', () => {
  it("copies Sunday's backup to every tier that has none for its period, with tags and a manifest of its own", async () => {
    expect(await run()).toEqual({ promoted: [WEEKLY, MONTHLY], warnings: [] });

    expect(vault.tags(WEEKLY)).toEqual({ tier: 'weekly', source: 'alpha', slot: SUNDAY });
    const daily = Manifest.parse(vault.json(committed));
    const copy = Manifest.parse(vault.json(manifestKey(WEEKLY)));
    expect(copy).toMatchObject({ tier: 'weekly', key: WEEKLY, copiedFrom: { key: daily.key }, receipt: daily.receipt });
    expect(copy.verification).toEqual({ ...daily.verification, versionId: expect.stringMatching(/^v/) });
  });

  it('makes no copy of a period that has one, and no copy for a tier without a rule', async () => {
    backup(vault, 'alpha', slotBefore(SUNDAY, 10), 'monthly');
    expect(await run()).toEqual({ promoted: [WEEKLY], warnings: [] });
    expect(vault.keys('yearly/')).toEqual([]);
  });

  it('is not misled by the copies of a source whose id begins alike', async () => {
    backup(vault, 'alpha_two', slotBefore(SUNDAY, 2), 'weekly');
    expect((await run()).promoted).toContain(WEEKLY);
  });

  it('makes up for a week that is over and has no copy', async () => {
    const friday = slotBefore(SUNDAY, 9);
    backup(vault, 'alpha', friday);
    const { promoted } = await run();
    expect(promoted).toContain(`weekly/alpha_${friday}.dump`);
  });

  it('copies what lies there, though the source has another format by now', async () => {
    const friday = slotBefore(SUNDAY, 9);
    backup(vault, 'alpha', friday);
    planKey = begun(vault, planOf([{ ...sourceOf('alpha'), recipients: ['age1x'] }]));
    expect(await run()).toMatchObject({ promoted: expect.arrayContaining([`weekly/alpha_${friday}.dump`]), warnings: [] });
  });

  it('asks for the storage class of the tier, and says so in the manifest of the copy', async () => {
    planKey = begun(vault, planOf([{ ...sourceOf('alpha'), storageClasses: { monthly: 'GLACIER_IR' } }]));
    await run();
    expect([...vault.storageClasses]).toEqual([[MONTHLY, 'GLACIER_IR']]);
    expect(vault.json(manifestKey(MONTHLY))).toMatchObject({ storageClass: 'GLACIER_IR' });
    expect(vault.json(manifestKey(WEEKLY))).not.toHaveProperty('storageClass');
  });

  it('makes no copy of a daily whose object is gone, and makes one again of a copy whose object is gone', async () => {
    const friday = slotBefore(SUNDAY, 9);
    const daily = backup(vault, 'alpha', friday);
    await run();
    await vault.remove([daily, `weekly/alpha_${friday}.dump`, `weekly/alpha_${friday}.dump.manifest.json`, WEEKLY]);
    expect(await run()).toMatchObject({ promoted: expect.arrayContaining([WEEKLY]), warnings: [] });
    expect(vault.keys('weekly/')).toEqual([WEEKLY, manifestKey(WEEKLY)]);
  });

  it.each([
    ['the first copy', 'copyOnce', WEEKLY],
    ['the first manifest', 'putOnce', manifestKey(WEEKLY)],
    ['the second copy', 'copyOnce', MONTHLY],
    ['the second manifest', 'putOnce', manifestKey(MONTHLY)],
  ] as const)('ends, called again after a failure at %s, as if nothing had happened', async (_, operation, key) => {
    vault.failing(operation, key);
    await expect(run()).rejects.toMatchObject({ name: 'Nightproof.storage' });

    const { promoted } = await run();

    expect(vault.unmetFaults).toBe(0);
    expect([...promoted].sort()).toEqual([MONTHLY, WEEKLY]);
    expect(vault.keys('weekly/')).toEqual([WEEKLY, manifestKey(WEEKLY)]);
    expect(vault.keys('monthly/')).toEqual([MONTHLY, manifestKey(MONTHLY)]);
  });

  it('makes the other copies when one tier cannot have its own', async () => {
    vault.failing('copyOnce', WEEKLY);
    await expect(run()).rejects.toThrow(/SlowDown/);
    expect(vault.keys('monthly/')).toHaveLength(2);
  });

  it('never takes a foreign object for its copy', async () => {
    vault.put(WEEKLY, 'something else');
    expect(await run()).toEqual({ promoted: [MONTHLY], warnings: [expect.stringContaining(WEEKLY)] });
    expect(vault.keys('weekly/')).toEqual([WEEKLY]);
  });

  it.each([
    ['globals', globalsOf('alpha'), globalsReceiptOf],
    ['files', filesOf('alpha', { compression: 'zstd:1' }), treeReceiptOf.bind(undefined, 'files')],
    ['a configuration', configFilesOf('alpha'), treeReceiptOf.bind(undefined, 'config')],
  ])('copies %s like a database, under the same ending', async (_, source, receiptOf) => {
    const name = artifactOf(source, SUNDAY);
    const body = Buffer.from('artifact');
    const receipt = receiptOf(name, body);
    vault = new MemoryVault();
    planKey = begun(vault, planOf([source]));
    committed = manifestKey(artifactKey(name));
    vault.put(artifactKey(name), body);
    if ('members' in receipt.contents) vault.put(receipt.contents.members.key, 'list');
    vault.put(committed, { ...manifestOf('alpha', SUNDAY, body), kind: source.kind, key: artifactKey(name), receipt });

    const weekly = artifactKey({ ...name, tier: 'weekly' });
    expect(await run()).toEqual({ promoted: [weekly, artifactKey({ ...name, tier: 'monthly' })], warnings: [] });
    expect(Manifest.parse(vault.json(manifestKey(weekly)))).toMatchObject({ kind: source.kind, tier: 'weekly', key: weekly });
    // the artifact and its manifest, and the list of members that a tree has
    expect(vault.keys('weekly/')).toHaveLength('members' in receipt.contents ? 3 : 2);
  });

  it('leaves what lies in the archive alone: it is kept for ever as it is', async () => {
    const folder = datedFolderOf('rpps', '2026-04-15');
    const plan = planOf([datedFoldersOf('rpps')]);
    vault = new MemoryVault();
    planKey = begun(vault, plan);
    vault.put(foundKey(plan), { ...NOTHING_FOUND, sources: [folder] });
    const before = vault.keys();

    const step = promote({ vault, now: () => minutesAfter(SUNDAY, 20) });
    const archived = manifestKey(artifactKeyOf(folder, SUNDAY));
    expect(await step({ planKey, id: folder.id, manifestKey: archived })).toEqual({ promoted: [], warnings: [] });
    expect(vault.keys()).toEqual(before);
  });

  it('decides nothing on a listing that lacks what was just committed', async () => {
    await vault.remove([committed]);
    await expect(run()).rejects.toMatchObject({ name: 'Nightproof.storage' });
    expect(vault.keys('weekly/')).toEqual([]);
  });
});
