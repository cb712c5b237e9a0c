import { beforeEach, describe, expect, it } from 'vitest';
import { retain } from '../../functions/retain/retain.ts';
import { foundKey, membersKey, outcomeKey, retentionKey } from '../../lib/domain/backup/keys.ts';
import { RetentionRecord } from '../../lib/domain/retention/retention-record.ts';
import { NOTHING_FOUND } from '../../lib/domain/source/found.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, begun, minutesAfter, planOf, SUNDAY, settled, slotBefore, sourceOf, verifiedOutcome } from '../support/night.ts';
import { serverOf } from '../support/sources.ts';

const KEEP_ONE = { daily: 1 };
const SOURCES = [sourceOf('app', { keep: KEEP_ONE }), sourceOf('files', { keep: KEEP_ONE })];

describe('the newest complete set', () => {
  let vault: MemoryVault;

  beforeEach(() => {
    vault = new MemoryVault();
  });

  /** A night of which these sources were verified; the others failed. */
  const night = (daysAgo: number, verified: readonly string[], facts: Parameters<typeof planOf>[1] = {}): Slot => {
    const slot = slotBefore(SUNDAY, daysAgo);
    const plan = planOf(SOURCES, { slot, ...facts });
    begun(vault, plan);
    for (const id of verified) {
      backup(vault, id, slot);
      settled(vault, plan, verifiedOutcome(id, slot));
    }
    return slot;
  };

  const sweep = (daysAgo = 0) => {
    const slot = slotBefore(SUNDAY, daysAgo);
    return retain({ vault, now: () => minutesAfter(slot, 30) })({ planKey: begun(vault, planOf(SOURCES, { slot })) });
  };

  const decisionsOf = (id: string, daysAgo = 0) => {
    const record = RetentionRecord.parse(vault.json(retentionKey({ slot: slotBefore(SUNDAY, daysAgo), attempt: 1 })));
    const source = record.sources.find(({ sourceId }) => sourceId === id);
    return source?.result === 'decided' ? source : undefined;
  };

  it('survives whole, though newer backups of one of its sources would push it out', async () => {
    night(4, ['app', 'files']);
    for (const days of [3, 2, 1, 0]) night(days, ['app']);
    await sweep();

    const kept = decisionsOf('app')?.decisions.filter(({ action }) => action === 'keep') ?? [];
    // one by the rule, one by the floor of two, and the set
    expect(kept.map(({ slot }) => slot)).toEqual([slotBefore(SUNDAY, 0), slotBefore(SUNDAY, 1), slotBefore(SUNDAY, 4)]);
    expect(kept[2]?.reasons.map(({ code }) => code)).toContain('floor-newest-set');
    expect(decisionsOf('app')?.sets).toEqual([slotBefore(SUNDAY, 4)]);
    expect(vault.keys(`daily/files_${slotBefore(SUNDAY, 4)}`)).toHaveLength(2);
  });

  it('gives way to a newer one, a night later than it was made', async () => {
    for (const days of [5, 4, 3, 2]) night(days, ['app', 'files']);
    night(1, ['app', 'files']);
    await sweep(1);
    expect(decisionsOf('app', 1)?.sets).toEqual([slotBefore(SUNDAY, 1)]);
    expect(vault.keys('daily/app_')).toHaveLength(2 * 2);
  });

  it('of the night before is spared once more, though there is a newer one: a run that overlaps may go by it', async () => {
    night(3, ['app', 'files']);
    for (const days of [2, 1]) night(days, ['app']);
    await sweep(1);
    night(0, ['app', 'files']);
    await sweep();
    const old = decisionsOf('app')?.decisions.find(({ slot }) => slot === slotBefore(SUNDAY, 3));
    expect(old).toMatchObject({ action: 'keep' });
    expect(decisionsOf('app')?.sets).toEqual([slotBefore(SUNDAY, 0)]);
  });

  it('is none of which an object is gone; what is damaged fills no floor either, and is left for people to look at', async () => {
    night(3, ['app', 'files']);
    for (const days of [2, 1]) night(days, ['app']);
    night(0, ['app', 'files']);
    await vault.remove([`daily/app_${slotBefore(SUNDAY, 1)}.dump`, `daily/files_${slotBefore(SUNDAY, 0)}.dump`]);
    await sweep();

    const kept = decisionsOf('app')?.decisions.filter(({ action }) => action === 'keep') ?? [];
    expect(kept.map(({ slot, reasons }) => `${slot} ${reasons.at(-1)?.code}`)).toEqual([
      `${slotBefore(SUNDAY, 0)} within-count`,
      `${slotBefore(SUNDAY, 1)} damaged`,
      `${slotBefore(SUNDAY, 2)} floor-newest-verified`,
      `${slotBefore(SUNDAY, 3)} floor-newest-set`,
    ]);
  });

  it('is none of a run that could not look into one of its groups', async () => {
    const slot = slotBefore(SUNDAY, 0);
    const asked = [...SOURCES, serverOf('all')];
    const plan = planOf(asked, { slot });
    begun(vault, plan);
    vault.put(foundKey(plan), { ...NOTHING_FOUND, failedGroups: ['all'] });
    for (const id of ['app', 'files']) {
      backup(vault, id, slot);
      settled(vault, plan, verifiedOutcome(id, slot));
    }
    await retain({ vault, now: () => minutesAfter(slot, 30) })({ planKey: begun(vault, plan) });
    expect(decisionsOf('app')?.sets).toBeUndefined();
  });

  it('is not what somebody named by hand', async () => {
    night(3, ['app', 'files']);
    night(2, ['app']);
    const one = slotBefore(SUNDAY, 1);
    const plan = planOf([SOURCES[0] as (typeof SOURCES)[0]], { slot: one, trigger: 'manual', named: true });
    begun(vault, plan);
    backup(vault, 'app', one);
    night(0, ['app']);
    await sweep();
    expect(decisionsOf('app')?.sets).toEqual([slotBefore(SUNDAY, 3)]);
  });

  it('is finished by a second attempt', async () => {
    const slot = night(0, ['app']);
    const second = planOf(SOURCES, { slot, attempt: 2, alreadyVerified: ['app'] });
    begun(vault, second);
    backup(vault, 'files', slot);
    vault.put(outcomeKey(second, 'files'), verifiedOutcome('files', slot));
    await retain({ vault, now: () => minutesAfter(slot, 30) })({ planKey: begun(vault, second) });
    const record = RetentionRecord.parse(vault.json(retentionKey(second)));
    expect(record.sources[0]).toMatchObject({ sets: [slot] });
  });

  it('takes the list of its members away with a tree', async () => {
    const old = slotBefore(SUNDAY, 9);
    const artifact = `daily/media_${old}.tar.gz`;
    for (const key of [artifact, `${artifact}.manifest.json`, membersKey(artifact, 'a'.repeat(64))]) vault.put(key, 'x');
    const media = {
      ...sourceOf('media', { keep: KEEP_ONE }),
      kind: 'files' as const,
      volume: 'media',
      folder: '.',
      exclude: [],
      compression: 'gzip:6' as const,
      roots: ['.'],
    };
    const { database: _, connection: __, ...tree } = media;
    for (const days of [0, 1])
      for (const part of ['', '.manifest.json']) vault.put(`daily/media_${slotBefore(SUNDAY, days)}.tar.gz${part}`, 'x');
    const plan = planOf([tree], { slot: SUNDAY });
    settled(vault, plan, verifiedOutcome('media', SUNDAY));
    await retain({ vault, now: () => minutesAfter(SUNDAY, 30) })({ planKey: begun(vault, plan) });
    expect(vault.keys(`daily/media_${old}`)).toEqual([]);
  });
});
