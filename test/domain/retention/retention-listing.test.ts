import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tier } from '../../../lib/domain/backup/tiers.ts';
import { doubtOfListing } from '../../../lib/domain/retention/listing-doubt.ts';
import { planRetention, type VerifiedBackup } from '../../../lib/domain/retention/retention.ts';
import type { Keep } from '../../../lib/domain/source/source.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';

const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `daily/app_${i}.dump`);

describe('a listing, held against the last record', () => {
  it('is believed when all is there that should be, and more', () => {
    expect(doubtOfListing({ fresh: ['daily/app_0.dump'], known: keys(12), listed: keys(13) })).toEqual({});
    expect(doubtOfListing({ fresh: [], known: [], listed: keys(3) })).toEqual({});
  });

  it('is believed when a few backups were deleted by hand, and names them', () => {
    expect(doubtOfListing({ fresh: [], known: keys(7), listed: keys(5) })).toEqual({
      missing: { count: 2, keys: ['daily/app_5.dump', 'daily/app_6.dump'] },
    });
    expect(doubtOfListing({ fresh: [], known: keys(100), listed: keys(90) }).doubt).toBeUndefined();
  });

  it.each([
    [7, 4],
    [100, 89],
    [3, 0],
  ])('is in doubt when of %d backups no more than %d are left', (known, listed) => {
    const { doubt, missing } = doubtOfListing({ fresh: [], known: keys(known), listed: keys(listed) });
    expect(doubt).toBe(
      `${known - listed} of ${known} backups that the last run kept are not listed, as daily/app_${listed}.dump; if they were deleted on purpose, the next run goes on without them`,
    );
    expect(missing?.count).toBe(known - listed);
  });

  it('is in doubt when it lacks what this very run has verified, however little that is', () => {
    expect(doubtOfListing({ fresh: ['daily/app_20.dump'], known: keys(20), listed: keys(20) })).toEqual({
      doubt: 'the listing does not show daily/app_20.dump, which this run has verified',
    });
  });

  it('names twenty of the missing at most', () => {
    expect(doubtOfListing({ fresh: [], known: keys(1000), listed: keys(900) }).missing).toEqual({
      count: 100,
      keys: keys(920).slice(900),
    });
  });
});

describe('a listing that shows too little', () => {
  const now = Date.UTC(2026, 3, 19, 2, 20);
  const rule = fc.constantFrom<string | number>('1d', '7d', '30d', '1mo', 1, 2, 5, 'forever');
  const keeps: fc.Arbitrary<Keep> = fc.record(
    { daily: rule, weekly: rule, monthly: rule },
    { requiredKeys: ['daily', 'weekly', 'monthly'] },
  );
  const backups = fc.uniqueArray(
    fc.record({ tier: fc.constantFrom<Tier>('daily', 'weekly', 'monthly'), days: fc.nat({ max: 60 }), hidden: fc.boolean() }),
    { minLength: 1, maxLength: 24, selector: ({ tier, days }) => `${tier} ${days}` },
  );

  it('never condemns what the whole listing would keep', () => {
    fc.assert(
      fc.property(keeps, backups, (keep, given) => {
        const all = given.map(({ tier, days, hidden }) => {
          const slot = slotOf(new Date(now - 20 * 60_000 - days * 86_400_000));
          return { backup: { key: `${tier}/app_${slot}.dump`, tier, slot } satisfies VerifiedBackup, hidden };
        });
        const whole = planRetention({ now: new Date(now), keep, backups: all.map(({ backup }) => backup), maxRemovals: 1000 });
        const seen = all.filter(({ hidden }) => !hidden).map(({ backup }) => backup);
        const part = planRetention({ now: new Date(now), keep, backups: seen, maxRemovals: 1000 });
        const going = new Set(whole.filter(({ action }) => action === 'remove').map(({ key }) => key));
        expect(part.filter(({ action, key }) => action === 'remove' && !going.has(key))).toEqual([]);
      }),
      { numRuns: 20_000 },
    );
  });
});
