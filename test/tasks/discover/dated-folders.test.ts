import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestKey } from '../../../lib/domain/backup/keys.ts';
import { artifactKeyOf } from '../../../lib/domain/source/artifact-of.ts';
import type { DatedFoldersGroup } from '../../../lib/domain/source/source.ts';
import { unprivilegedUser } from '../../../lib/runtime/postgres/unprivileged.ts';
import { DiscoverRig } from '../../support/discover-rig.ts';
import { SUNDAY } from '../../support/night.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { datedFolderOf, datedFoldersOf } from '../../support/sources.ts';
import { plant } from '../../support/tree-rig.ts';

let rig: DiscoverRig;

beforeAll(async () => {
  rig = await DiscoverRig.start();
});

afterAll(() => rig?.stop());

/** Settled at once: what a test plants has only just changed. */
const groupOf = (id: string, facts: Partial<DatedFoldersGroup> = {}): DatedFoldersGroup =>
  datedFoldersOf(id, { folder: 'exports', settledSeconds: 0, ...facts });

/** A volume whose folder `exports` holds these. */
function volumeOf(files: Readonly<Record<string, string>>): string {
  const volume = scratchFolder();
  plant(join(volume, 'exports'), files);
  return volume;
}

/** Puts the manifest of an archive down, which is what makes it one. */
async function archived(group: DatedFoldersGroup, date: string): Promise<void> {
  const Key = manifestKey(artifactKeyOf(datedFolderOf(group.id, date, { compression: group.compression }), SUNDAY));
  await rig.store.s3.send(new PutObjectCommand({ Bucket: rig.store.bucket, Key, Body: '{}' }));
}

/** Nothing is unreadable for root, so that from its first look on the program is somebody else. */
const asSomebody = (): Record<string, string> => {
  const user = unprivilegedUser();
  return user ? { AS_USER: String(user.uid) } : {};
};

describe('the folders that are due', () => {
  it('are those with a date in their name, old enough and come to rest, the oldest first', async () => {
    const volumeFolder = volumeOf({
      '2026-04-11/b.csv': 'b',
      '2026-04-10/deep/a.csv': 'a',
      '2099-01-01/': '',
      '2026-02-30/no such day': '',
      'latest/c.csv': 'c',
      '2026-04-12': 'a file',
    });
    const group = groupOf('rpps', { compression: 'zstd:3', exclude: ['*.tmp'] });
    const { exitCode, findings, tries } = await rig.discover(group, { volumeFolder });
    expect([exitCode, tries]).toEqual([0, []]);
    expect(findings?.present).toEqual(['2026-04-10', '2026-04-11', '2099-01-01']);
    const { kind: _, minAgeSeconds: __, settledSeconds: ___, id: ____, ...settings } = group;
    expect(findings?.sources).toEqual(
      ['2026-04-10', '2026-04-11'].map((date) => ({
        ...settings,
        kind: 'datedFolder',
        id: `rpps_${date}`,
        date,
        foundBy: 'rpps',
      })),
    );
    expect(findings?.notes).toEqual(['2099-01-01 waits for a later run: it is younger than 24 h 00 min']);
  });

  it('are not those in which something changed of late, however deep', async () => {
    const volumeFolder = volumeOf({ '2026-04-10/a/b/c/now.csv': 'x', '2026-04-11/': '' });
    const { exitCode, findings } = await rig.discover(groupOf('busy', { settledSeconds: 3600 }), { volumeFolder });
    expect([exitCode, findings?.sources]).toEqual([0, []]);
    const waits = (date: string) =>
      expect.stringMatching(new RegExp(`^${date} waits for a later run: it changed at 20\\S+Z, less than 1 h 00 min ago$`));
    expect(findings?.notes).toEqual([waits('2026-04-10'), waits('2026-04-11')]);
  });

  it('are none where all is archived already, and those are listed but not looked into', async () => {
    const dates = ['2024-12-31', '2025-12-31', '2026-04-10'];
    const volumeFolder = volumeOf(Object.fromEntries(dates.map((date) => [`${date}/part/a.csv`, date])));
    const group = groupOf('history');
    for (const date of dates) await archived(group, date);
    writeFileSync(join(volumeFolder, 'looks'), '');

    const seams = { LOOKS_FILE: join(volumeFolder, 'looks') };
    const { exitCode, findings } = await rig.discover(group, { volumeFolder, seams });
    expect(exitCode).toBe(0);
    expect(findings).toMatchObject({ sources: [], present: dates, notes: [] });
    expect(looksIn(volumeFolder)).toEqual(['exports']);
  });

  it('are looked into beside archived ones that nobody can read any more', async () => {
    const volumeFolder = volumeOf({ '2026-04-09/a.csv': 'a', '2026-04-10/b.csv': 'b' });
    const group = groupOf('mixed');
    await archived(group, '2026-04-09');
    chmodSync(join(volumeFolder, 'exports/2026-04-09'), 0);
    writeFileSync(join(volumeFolder, 'looks'), '');

    const seams = { ...asSomebody(), LOOKS_FILE: join(volumeFolder, 'looks') };
    const { exitCode, findings, tries } = await rig.discover(group, { volumeFolder, seams });
    expect([exitCode, tries]).toEqual([0, []]);
    expect(findings?.sources.map(({ id }) => id)).toEqual(['mixed_2026-04-10']);
    // each folder is asked for itself and listed, each file is asked for
    const looked = ['exports', 'exports/2026-04-10', 'exports/2026-04-10', 'exports/2026-04-10/b.csv'];
    expect(looksIn(volumeFolder)).toEqual(looked);
  });

  it('are not those of another source whose id begins alike', async () => {
    const volumeFolder = volumeOf({ '2026-04-10/a.csv': 'a' });
    await archived(groupOf('rp_ps'), '2026-04-10');
    const { findings } = await rig.discover(groupOf('rp'), { volumeFolder });
    expect(findings?.sources.map(({ id }) => id)).toEqual(['rp_2026-04-10']);
  });

  it('may hold names that are no text', async () => {
    const volumeFolder = volumeOf({ '2026-04-10/': '' });
    writeFileSync(Buffer.concat([Buffer.from(join(volumeFolder, 'exports/2026-04-10/caf')), Buffer.from([0xe9])]), 'latin-1');
    // less than any program takes to start, and more than no time at all: a name that seemed to have vanished would count as changed now
    const { findings } = await rig.discover(groupOf('bytes', { settledSeconds: 0.001 }), { volumeFolder });
    expect(findings).toMatchObject({ sources: [{ id: 'bytes_2026-04-10' }], notes: [] });
  });

  it('do not follow links in them', async () => {
    const volumeFolder = volumeOf({ '2026-04-10/a.csv': 'a' });
    symlinkSync('.', join(volumeFolder, 'exports/2026-04-10/round'));
    symlinkSync('/nowhere', join(volumeFolder, 'exports/2026-04-10/dangling'));
    const { exitCode, findings } = await rig.discover(groupOf('linked'), { volumeFolder });
    expect([exitCode, findings?.sources.length]).toEqual([0, 1]);
  });
});

function looksIn(volume: string): string[] {
  const lines = readFileSync(join(volume, 'looks'), 'utf8').split('\n').filter(Boolean);
  return lines.filter((path) => path.startsWith(volume)).map((path) => path.slice(volume.length + 1));
}

describe('a look that fails', () => {
  it('where there is no such folder says which, and is not worth another try', async () => {
    const group = groupOf('gone', { folder: 'no/such' });
    const { exitCode, findings, tries } = await rig.discover(group, { volumeFolder: scratchFolder() });
    expect([exitCode, findings]).toEqual([1, undefined]);
    const detail = 'no/such on volume media cannot be listed (ENOENT)';
    expect(tries).toMatchObject([{ result: 'failure', failure: { reason: 'no-folder', retryable: false, detail } }]);
  });

  it('where the folder is a file says so', async () => {
    const volumeFolder = scratchFolder();
    plant(volumeFolder, { exports: 'a file' });
    const { exitCode, tries } = await rig.discover(groupOf('flat'), { volumeFolder });
    expect(exitCode).toBe(1);
    expect(tries).toMatchObject([{ failure: { reason: 'no-folder', detail: expect.stringContaining('(ENOTDIR)') } }]);
  });

  it.each([
    ['the folder itself', 'exports', 'exports on volume media cannot be listed (EACCES)'],
    ['one that is due', 'exports/2026-04-10', 'something in 2026-04-10 cannot be read (EACCES)'],
    ['a folder deep in one that is due', 'exports/2026-04-10/a/b', 'something in 2026-04-10 cannot be read (EACCES)'],
  ])('for want of a right to %s is unreadable', async (_, closed, detail) => {
    const volumeFolder = volumeOf({ '2026-04-10/a/b/c.csv': 'c' });
    chmodSync(join(volumeFolder, closed), 0);
    const group = groupOf(`closed-${closed.length}`);
    const { exitCode, findings, tries } = await rig.discover(group, { volumeFolder, seams: asSomebody() });
    chmodSync(join(volumeFolder, closed), 0o755);
    expect([exitCode, findings]).toEqual([1, undefined]);
    expect(tries).toMatchObject([{ failure: { reason: 'unreadable', retryable: false, detail } }]);
  });

  it('in a task without a volume is a fault of ours', async () => {
    const { exitCode, tries } = await rig.discover(groupOf('bare'));
    expect(exitCode).not.toBe(0);
    expect(tries).toMatchObject([{ failure: { reason: 'internal', detail: expect.stringContaining('needs a volume') } }]);
  });

  it('because it was told to stop while it looked is cancelled, and leaves no findings', async () => {
    const volumeFolder = scratchFolder();
    const deep = join(volumeFolder, 'exports/2026-04-10', ...Array.from({ length: 200 }, (__, n) => `d${n}`));
    mkdirSync(deep, { recursive: true });
    const { exitCode, findings, tries } = await rig.discover(groupOf('stopped'), { volumeFolder, seams: { ENDS_AT: '/d3' } });
    expect([exitCode, findings]).toEqual([143, undefined]);
    expect(tries).toMatchObject([{ failure: { reason: 'cancelled' } }]);
  });
});
