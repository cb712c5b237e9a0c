import { expect, it } from 'vitest';
import { artifactKey } from '../../../lib/domain/backup/keys.ts';
import { evidenceKey } from '../../../lib/domain/backup/operation-keys.ts';
import type { Tier } from '../../../lib/domain/backup/tiers.ts';
import { type PickQuestion, pickBackups } from '../../../lib/domain/drill/pick-backups.ts';
import type { VerifiedBackup } from '../../../lib/domain/retention/retention.ts';
import { type Slot, slotOf } from '../../../lib/domain/time/slot.ts';

const NOW = new Date('2026-04-20T05:00:00Z');
const slotBefore = (days: number): Slot => slotOf(new Date(NOW.getTime() - days * 86_400_000));

function backup(
  sourceId: string,
  days: number,
  facts: { tier?: Tier; damaged?: boolean; encrypted?: boolean } = {},
): VerifiedBackup {
  const { tier = 'daily', damaged, encrypted } = facts;
  const slot = slotBefore(days);
  return {
    key: artifactKey({ tier, sourceId, slot, format: encrypted ? 'dump.age' : 'dump' }),
    tier,
    slot,
    ...(damaged && { damaged }),
  };
}

function pick(backups: Record<string, readonly VerifiedBackup[]>, facts: Partial<PickQuestion> = {}) {
  const bySource = new Map(Object.entries(backups));
  return pickBackups({ bySource, pick: 'latest', evidenceKeys: [], now: NOW, seed: 'a', ...facts });
}
const keysOf = (picked: ReturnType<typeof pick>) => picked.backups.map(({ key }) => key);
const drilled = (sourceId: string, days: number): string => evidenceKey(`${sourceId}_${slotBefore(9)}`, slotBefore(days));

it('takes the newest that is not damaged, wherever it lies, and each copy for the same backup', () => {
  const all = [backup('a', 3), backup('a', 1, { damaged: true }), backup('a', 2), backup('a', 2, { tier: 'weekly' })];
  expect(keysOf(pick({ a: all }))).toEqual([backup('a', 2).key]);
});

it('takes the newest that is at least so old', () => {
  const all = [1, 6, 8, 30].map((days) => backup('a', days));
  expect(keysOf(pick({ a: all }, { pick: { age: '7d' } }))).toEqual([backup('a', 8).key]);
  expect(pick({ a: [backup('a', 1)] }, { pick: { age: '7d' } }).passedOver).toEqual([
    { sourceId: 'a', why: 'it has no backup of that age' },
  ]);
});

it('takes any, the same when it is asked again and another by another name', () => {
  const all = Array.from({ length: 20 }, (_, days) => backup('a', days));
  const picks = Array.from({ length: 40 }, (_, n) => keysOf(pick({ a: all }, { pick: 'random', seed: `run-${n}` })).join());
  expect(picks).toEqual(
    Array.from({ length: 40 }, (_, n) => keysOf(pick({ a: all }, { pick: 'random', seed: `run-${n}` })).join()),
  );
  expect(new Set(picks).size).toBeGreaterThan(5);
});

it('begins with the sources that were never drilled, then those that waited longest, and takes so many', () => {
  const backups = { a: [backup('a', 1)], b: [backup('b', 1)], c: [backup('c', 1)], d: [backup('d', 1)] };
  const evidenceKeys = [drilled('a', 1), drilled('a', 8), drilled('b', 3), drilled('d', 2), 'drills/plans/x.json'];
  expect(pick(backups, { evidenceKeys }).backups.map(({ sourceId }) => sourceId)).toEqual(['c', 'b', 'd', 'a']);
  expect(pick(backups, { evidenceKeys, most: 2 }).backups.map(({ sourceId }) => sourceId)).toEqual(['c', 'b']);
});

it('says why a source is passed over', () => {
  const picked = pick({
    none: [],
    rotten: [backup('rotten', 1, { damaged: true })],
    closed: [backup('closed', 1, { encrypted: true })],
  });
  expect(picked.backups).toEqual([]);
  expect(picked.passedOver).toEqual([
    { sourceId: 'none', why: 'it has no undamaged backup' },
    { sourceId: 'rotten', why: 'it has no undamaged backup' },
    { sourceId: 'closed', why: 'its backups are encrypted, and a drill is given no private key' },
  ]);
});
