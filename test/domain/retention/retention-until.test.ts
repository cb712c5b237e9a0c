import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tier } from '../../../lib/domain/backup/tiers.ts';
import { cutoff, keptUntil } from '../../../lib/domain/retention/cutoff.ts';
import { type KeepRule, parseKeepRule } from '../../../lib/domain/retention/keep-rule.ts';
import { retentionUntil } from '../../../lib/domain/retention/retention-rules.ts';
import type { Keep } from '../../../lib/domain/source/source.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';

type AgeRule = Extract<KeepRule, { by: 'age' }>;

function ageOf(written: string): AgeRule {
  const rule = parseKeepRule(written);
  if (rule?.by !== 'age') throw new Error(`${written} is no age`);
  return rule;
}

describe('the cutoff of a rule by age', () => {
  it.each([
    ['7d', '2026-04-19T02:00:00Z', '2026-04-12T02:00:00.000Z'],
    ['4w', '2026-04-19T02:00:00Z', '2026-03-22T02:00:00.000Z'],
    ['2555d', '2026-04-19T02:00:00Z', '2019-04-21T02:00:00.000Z'],
    ['12mo', '2026-04-19T02:00:00Z', '2025-04-19T02:00:00.000Z'],
    ['5y', '2026-04-19T02:00:00Z', '2021-04-19T02:00:00.000Z'],
    ['1mo', '2026-03-28T02:00:00Z', '2026-02-28T02:00:00.000Z'],
    ['1mo', '2026-03-31T02:00:00Z', '2026-02-28T23:59:59.999Z'],
    ['1mo', '2024-03-30T02:00:00Z', '2024-02-29T23:59:59.999Z'],
    ['1y', '2024-02-29T02:00:00Z', '2023-02-28T23:59:59.999Z'],
    ['14mo', '2026-01-05T02:00:00Z', '2024-11-05T02:00:00.000Z'],
  ])('lies %s before %s', (written, now, expected) => {
    expect(cutoff(ageOf(written), new Date(now)).toISOString()).toBe(expected);
  });

  const instants = fc.date({ min: new Date('2020-01-01'), max: new Date('2032-01-01'), noInvalidDate: true });
  const ages = fc.constantFrom('1d', '7d', '4w', '2555d', '1mo', '2mo', '11mo', '12mo', '13mo', '1y', '4y', '5y').map(ageOf);

  it('never goes back while time goes on, so that nothing is too old tonight and young enough tomorrow', () => {
    const step = fc.integer({ min: 0, max: 40 * 86_400_000 });
    fc.assert(
      fc.property(ages, instants, step, (rule, now, ms) => {
        expect(cutoff(rule, now) <= cutoff(rule, new Date(now.getTime() + ms))).toBe(true);
      }),
      { numRuns: 50_000 },
    );
  });

  it('keeps a backup exactly until the instant that is told for it', () => {
    fc.assert(
      fc.property(ages, instants, (rule, instant) => {
        const until = keptUntil(rule, instant);
        expect(cutoff(rule, until) <= instant).toBe(true);
        expect(cutoff(rule, new Date(until.getTime() + 1)) <= instant).toBe(false);
      }),
      { numRuns: 50_000 },
    );
  });
});

describe('how long the rules keep a backup', () => {
  const keep: Keep = { daily: '7d', weekly: 4, monthly: '12mo', yearly: 'forever' };
  const until = (tier: Tier, rules: Partial<Keep> = keep): string | undefined =>
    retentionUntil({ tier, slot: slotOf(new Date('2026-01-31T02:00:00Z')) }, rules)?.toISOString();

  it.each([
    ['7d', '2026-02-07T02:00:00.000Z'],
    ['4w', '2026-02-28T02:00:00.000Z'],
    ['2555d', '2033-01-29T02:00:00.000Z'],
    ['1mo', '2026-02-28T23:59:59.999Z'],
    ['12mo', '2027-01-31T02:00:00.000Z'],
    ['5y', '2031-01-31T02:00:00.000Z'],
  ])('is told for an age of %s', (daily, expected) => {
    expect(until('daily', { daily })).toBe(expected);
  });

  it('is not told by time where a count, "forever", the archive or no rule decides', () => {
    expect(until('weekly')).toBeUndefined();
    expect(until('weekly', { daily: '7d', weekly: '4' })).toBeUndefined();
    expect(until('yearly')).toBeUndefined();
    expect(until('archive')).toBeUndefined();
    expect(until('monthly', { daily: '7d' })).toBeUndefined();
  });
});
