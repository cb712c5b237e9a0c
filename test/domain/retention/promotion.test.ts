import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PromotedTier } from '../../../lib/domain/backup/tiers.ts';
import { WEEKDAYS, type Weekday } from '../../../lib/domain/config/config.ts';
import { type PromotionInput, planPromotions } from '../../../lib/domain/retention/promotion.ts';
import type { Keep } from '../../../lib/domain/source/source.ts';
import { instantOf, type Slot, slotOf } from '../../../lib/domain/time/slot.ts';

const at = (text: string): Slot => slotOf(new Date(`${text}T02:00:00Z`));
const slots = (...days: readonly string[]): Slot[] => days.map(at);

type Given = Partial<Omit<PromotionInput, 'slot' | 'dailies'>> & { readonly on: string; readonly dailies?: readonly string[] };

function plan({ on, dailies = [], ...rest }: Given): readonly string[] {
  const input = { timeZone: 'UTC', weeklyDay: 'SUN', keep: { daily: '7d', weekly: '4w' }, copies: {}, ...rest } as const;
  return planPromotions({ ...input, slot: at(on), dailies: slots(...dailies, on) }).map(
    ({ tier, period, from }) => `${tier} ${period} ${from.slice(0, 8)}`,
  );
}

// 2026-04-20 is a Monday, 2026-04-26 a Sunday: 2026-W17
describe('the weekly copy', () => {
  it("is Sunday's, by default", () => {
    expect(plan({ on: '2026-04-26', dailies: ['2026-04-24', '2026-04-25'] })).toEqual(['weekly 2026-W17 20260426']);
  });

  it('is not made before the weekly day', () => {
    expect(plan({ on: '2026-04-25', dailies: ['2026-04-20', '2026-04-24'] })).toEqual([]);
  });

  it("is of the next good night in the week when the weekly day's run failed", () => {
    expect(plan({ on: '2026-04-23', dailies: ['2026-04-21'], weeklyDay: 'WED' })).toEqual(['weekly 2026-W17 20260423']);
  });

  it('is of the last night before, noticed in the next week, when nothing good came after', () => {
    expect(plan({ on: '2026-04-27', dailies: ['2026-04-24', '2026-04-25'] })).toEqual(['weekly 2026-W17 20260425']);
  });

  it("is of the weekly day's backup still, when only the copying failed that night", () => {
    expect(plan({ on: '2026-04-24', dailies: ['2026-04-21', '2026-04-22', '2026-04-23'], weeklyDay: 'WED' })).toEqual([
      'weekly 2026-W17 20260422',
    ]);
  });

  it('is the first of several backups of one day', () => {
    const slot = slotOf(new Date('2026-04-26T15:00:00Z'));
    const input = { timeZone: 'UTC', weeklyDay: 'SUN', keep: { daily: '7d', weekly: '4w' }, copies: {} } as const;
    const made = planPromotions({ ...input, slot, dailies: [slot, ...slots('2026-04-26')] });
    expect(made.map(({ from }) => from)).toEqual(slots('2026-04-26'));
  });

  it('is made once a week, whatever the day of the copy that is there', () => {
    for (const day of ['2026-04-20', '2026-04-25', '2026-04-26'])
      expect(plan({ on: '2026-04-26', dailies: ['2026-04-25'], copies: { weekly: slots(day) } })).toEqual([]);
  });

  it('is made for each week that an outage of promotion has left without one, oldest first', () => {
    const dailies = ['2026-04-10', '2026-04-12', '2026-04-18', '2026-04-24'];
    expect(plan({ on: '2026-04-27', dailies, keep: { daily: '30d', weekly: '4w' } })).toEqual([
      'weekly 2026-W15 20260412',
      'weekly 2026-W16 20260418',
      'weekly 2026-W17 20260424',
    ]);
  });

  it('counts the week in the zone of the plan, not in UTC', () => {
    const slot = slotOf(new Date('2026-04-25T23:30:00Z'));
    const given = { slot, weeklyDay: 'SUN', keep: { daily: '7d', weekly: 4 }, dailies: [slot], copies: {} } as const;
    expect(planPromotions({ ...given, timeZone: 'UTC' })).toEqual([]);
    expect(planPromotions({ ...given, timeZone: 'Europe/Paris' })).toMatchObject([{ period: '2026-W17', from: slot }]);
  });

  it('says why each was chosen', () => {
    const reason = (on: string, dailies: readonly string[], weeklyDay: Weekday = 'SUN') =>
      planPromotions({
        slot: at(on),
        timeZone: 'UTC',
        weeklyDay,
        keep: { daily: '7d', weekly: '4w' },
        dailies: slots(...dailies),
        copies: {},
      })[0]?.reason;
    expect(reason('2026-04-26', [])).toBe('the SUN of 2026-W17');
    expect(reason('2026-04-27', ['2026-04-25'])).toBe('2026-W17 has no good backup of SUN: SAT is the last before it');
    expect(reason('2026-04-25', [], 'WED')).toBe('2026-W17 has no good backup of WED: SAT is the first after it');
  });
});

describe('a copy that retention has removed', () => {
  const sundays = ['2026-03-29', '2026-04-05', '2026-04-12', '2026-04-19', '2026-04-26'];

  it('is not brought back where the rule is an age', () => {
    const copies = { weekly: slots(...sundays.slice(2)) };
    expect(plan({ on: '2026-05-03', dailies: sundays, keep: { daily: '90d', weekly: '21d' }, copies })).toEqual([
      'weekly 2026-W18 20260503',
    ]);
  });

  it('is not brought back from later days of its week, when dailies live as long as weeklies', () => {
    const dailies = ['2026-04-02', '2026-04-03', '2026-04-04', '2026-04-05'];
    const keep = { daily: '28d', weekly: '4w' };
    expect(plan({ on: '2026-04-29', dailies, keep, weeklyDay: 'WED' })).toEqual(['weekly 2026-W18 20260429']);
  });

  it('is not brought back where the rule is a count', () => {
    const copies = { weekly: slots('2026-04-19', '2026-04-26') };
    expect(plan({ on: '2026-04-27', dailies: sundays, keep: { daily: '90d', weekly: 2 }, copies })).toEqual([]);
  });

  it('leaves room where the count is not reached: a week that never had one gets it', () => {
    const copies = { weekly: slots('2026-04-12', '2026-04-26') };
    expect(plan({ on: '2026-04-27', dailies: sundays, keep: { daily: '90d', weekly: 3 }, copies })).toEqual([
      'weekly 2026-W16 20260419',
    ]);
  });

  it('never happens under "forever": every week with a good daily gets its copy', () => {
    expect(plan({ on: '2026-04-27', dailies: sundays, keep: { daily: '90d', weekly: 'forever' } })).toHaveLength(5);
  });

  it('is not made of an old slot that was finished by hand, if it would be removed at once', () => {
    const slot = at('2026-03-01');
    const keep = { daily: '90d', weekly: '4w', monthly: '1mo' };
    const dailies = slots('2026-04-26', '2026-04-27');
    const copies = { weekly: slots('2026-04-26'), monthly: slots('2026-04-01') };
    expect(planPromotions({ slot, timeZone: 'UTC', weeklyDay: 'SUN', keep, dailies, copies })).toEqual([]);
  });
});

describe('monthly and yearly copies', () => {
  const keep = { daily: '7d', monthly: '12mo', yearly: '5y' };

  it('are of the current slot, at once, where the period has none', () => {
    expect(plan({ on: '2026-04-23', dailies: ['2026-04-22'], keep })).toEqual([
      'monthly 2026-04 20260423',
      'yearly 2026 20260423',
    ]);
  });

  it('are made once a period', () => {
    const copies = { monthly: slots('2026-04-01'), yearly: slots('2026-01-01') };
    expect(plan({ on: '2026-04-23', keep, copies })).toEqual([]);
    expect(plan({ on: '2026-05-02', keep, copies })).toEqual(['monthly 2026-05 20260502']);
  });

  it('follow the zone at the turn of the year', () => {
    const slot = slotOf(new Date('2026-12-31T23:30:00Z'));
    const made = planPromotions({ slot, timeZone: 'Europe/Paris', weeklyDay: 'SUN', keep, dailies: [], copies: {} });
    expect(made.map(({ period }) => period)).toEqual(['2027-01', '2027']);
  });

  it('are not made twice under a rule that is shorter than the period', () => {
    expect(plan({ on: '2026-04-23', keep: { daily: '7d', monthly: '14d' } })).toEqual([]);
    expect(plan({ on: '2026-04-03', keep: { daily: '7d', monthly: '14d' } })).toEqual(['monthly 2026-04 20260403']);
  });
});

it('makes no copies in a tier that the configuration does not name', () => {
  expect(plan({ on: '2026-04-26', keep: { daily: '7d' } })).toEqual([]);
});

/** A night: verified or not, and whether its copies could be made. */
const night = fc.constantFrom('good', 'good', 'good', 'failed', 'not copied');
const keeps: fc.Arbitrary<Keep> = fc.record({
  daily: fc.constantFrom('2d', '7d', '30d', '90d', 3, 10),
  weekly: fc.constantFrom('7d', '4w', '2mo', 1, 4, 'forever'),
  monthly: fc.constantFrom('1mo', '12mo', 2, 'forever'),
  yearly: fc.constantFrom('1y', '5y', 2, 'forever'),
});

it('never makes two copies for one period, and none again once it was removed, whatever fails', () => {
  const start = Date.UTC(2026, 0, 1, 2);
  const zones = fc.constantFrom('UTC', 'Europe/Paris', 'America/Los_Angeles', 'Pacific/Chatham');
  fc.assert(
    fc.property(
      keeps,
      fc.constantFrom(...WEEKDAYS),
      zones,
      fc.array(night, { minLength: 30, maxLength: 120 }),
      (keep, weeklyDay, timeZone, nights) => {
        const dailies: Slot[] = [];
        const copies: Record<PromotedTier, Slot[]> = { weekly: [], monthly: [], yearly: [] };
        const made = new Set<string>();
        for (const [i, result] of nights.entries()) {
          if (result === 'failed') continue;
          const slot = slotOf(new Date(start + i * 86_400_000));
          dailies.push(slot);
          const input = { slot, timeZone, weeklyDay, keep, dailies, copies };
          const promotions = planPromotions(input);
          for (const { tier, period, from } of result === 'good' ? promotions : []) {
            expect(made).not.toContain(`${tier} ${period}`);
            expect(dailies).toContain(from);
            made.add(`${tier} ${period}`);
            copies[tier].push(from);
          }
          expect(planPromotions(input)).toEqual(result === 'good' ? [] : promotions);
          dailies.splice(0, dailies.length - keptBy(keep.daily, slot, dailies));
          for (const tier of ['weekly', 'monthly', 'yearly'] as const)
            copies[tier].splice(0, copies[tier].length - keptBy(keep[tier], slot, copies[tier].sort()));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

/** How many of the newest slots a rule keeps: a second, simpler reading of the rules. */
function keptBy(rule: string | number | undefined, now: Slot, slotsOfTier: readonly Slot[]): number {
  if (typeof rule === 'number') return Math.min(rule, slotsOfTier.length);
  const [, n = '0', unit = ''] = /^(\d+)(d|w|mo|y)$/.exec(rule ?? '') ?? [];
  if (unit === '') return slotsOfTier.length;
  const limit = instantOf(now);
  if (unit === 'd' || unit === 'w') limit.setUTCDate(limit.getUTCDate() - Number(n) * (unit === 'w' ? 7 : 1));
  else limit.setUTCMonth(limit.getUTCMonth() - Number(n) * (unit === 'y' ? 12 : 1));
  return slotsOfTier.filter((slot) => instantOf(slot) > limit).length;
}

it('gives every week of a running system that has a good night exactly one copy', () => {
  const weeks = fc.array(fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }), { minLength: 4, maxLength: 20 });
  const monday = Date.UTC(2026, 3, 20, 2);
  fc.assert(
    fc.property(weeks, fc.constantFrom(...WEEKDAYS), (good, weeklyDay) => {
      const dailies: Slot[] = [];
      const weekly: Slot[] = [];
      const nights = [...good.flat(), true];
      for (const [i, ok] of nights.entries()) {
        if (!ok) continue;
        const slot = slotOf(new Date(monday + i * 86_400_000));
        dailies.push(slot);
        const keep = { daily: '30d', weekly: 'forever' };
        for (const { from } of planPromotions({ slot, timeZone: 'UTC', weeklyDay, keep, dailies, copies: { weekly } }))
          weekly.push(from);
      }
      const weekOf = (slot: Slot): number => Math.floor((instantOf(slot).getTime() - monday) / (7 * 86_400_000));
      for (const [week, results] of good.entries())
        expect(weekly.filter((slot) => weekOf(slot) === week)).toHaveLength(results.includes(true) ? 1 : 0);
    }),
    { numRuns: 2_000 },
  );
});
