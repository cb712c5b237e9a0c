import { describe, expect, it } from 'vitest';
import { type DatedFolder, dueFolders, isFolderDate } from '../../../lib/domain/source/due-folders.ts';
import type { DatedFoldersGroup } from '../../../lib/domain/source/source.ts';

const group: DatedFoldersGroup = {
  id: 'rpps_prod',
  kind: 'datedFolders',
  enabled: true,
  volume: 'media',
  folder: 'prod/annuaire',
  exclude: [],
  compression: 'gzip:6',
  minAgeSeconds: 86_400,
  settledSeconds: 3600,
  limits: { lockWaitSeconds: 60, noProgressSeconds: 60, deadlineSeconds: 60 },
};
const NOW = new Date('2026-04-19T02:00:00Z');
const ago = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);
const look = (folders: readonly DatedFolder[], archived: readonly string[] = []) =>
  dueFolders({ group, folders, archived: new Set(archived), now: NOW });

describe('dated folders', () => {
  it('are due once: those in the archive are passed by', () => {
    const folders = [{ date: '2026-04-15' }, { date: '2026-04-16', changedAt: ago(600) }];
    const { sources, present, notes } = look(folders, ['2026-04-15']);
    expect(sources.map(({ id }) => id)).toEqual(['rpps_prod_2026-04-16']);
    expect(sources[0]).toMatchObject({ kind: 'datedFolder', date: '2026-04-16', foundBy: 'rpps_prod', folder: 'prod/annuaire' });
    expect(present).toEqual(['2026-04-15', '2026-04-16']);
    expect(notes).toEqual([]);
  });

  it('wait while their day is not over by as much as the source asks', () => {
    expect(look([{ date: '2026-04-18' }]).sources).toHaveLength(0);
    expect(look([{ date: '2026-04-19' }]).notes).toEqual(['2026-04-19 waits for a later run: it is younger than 24 h 00 min']);
    expect(look([{ date: '2026-04-18', changedAt: ago(200) }]).sources).toHaveLength(1);
    expect(look([{ date: '2031-01-01', changedAt: ago(200) }]).sources).toHaveLength(0);
  });

  it('wait while something in them changed a moment ago', () => {
    expect(look([{ date: '2026-04-10', changedAt: ago(59) }]).notes).toEqual([
      '2026-04-10 waits for a later run: it changed at 2026-04-19T01:01:00.000Z, less than 1 h 00 min ago',
    ]);
    expect(look([{ date: '2026-04-10', changedAt: ago(60) }]).sources).toHaveLength(1);
    // a clock that was set back makes no folder come to rest
    expect(look([{ date: '2026-04-10', changedAt: ago(-60) }]).sources).toHaveLength(0);
  });

  it('that nobody looked into are not archived', () => {
    expect(look([{ date: '2026-04-10' }]).sources).toHaveLength(0);
  });
});

it('only a real date names a dated folder', () => {
  expect(['2026-04-15', '2024-02-29'].map(isFolderDate)).toEqual([true, true]);
  for (const name of [
    '2026-02-30',
    '2026-13-01',
    '20260415',
    '2026-4-15',
    '2026-04-15.tmp',
    ' 2026-04-15',
    'latest',
    '2026-04-15\n',
  ])
    expect(isFolderDate(name), name).toBe(false);
});
