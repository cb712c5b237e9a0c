import { describe, expect, it } from 'vitest';
import { artifactKey } from '../../../lib/domain/backup/keys.ts';
import type { Tier } from '../../../lib/domain/backup/tiers.ts';
import { planRetention, type RetentionInput, type VerifiedBackup } from '../../../lib/domain/retention/retention.ts';
import type { Keep } from '../../../lib/domain/source/source.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';

function backup(day: string, tier: Tier = 'daily', time = '02:00'): VerifiedBackup {
  const slot = slotOf(new Date(`${day}T${time}:00Z`));
  return { key: artifactKey({ tier, sourceId: 'app', slot, format: 'dump' }), tier, slot };
}

const dailies = (...days: readonly string[]): VerifiedBackup[] => days.map((day) => backup(day));

/** `daily 20260419 keep within-age`, newest first. */
function plan(
  backups: readonly VerifiedBackup[],
  keep: Partial<Keep>,
  now = '2026-04-19T02:20:00Z',
  rest: Partial<RetentionInput> = {},
) {
  return planRetention({ now: new Date(now), keep, backups, ...rest }).map(
    ({ tier, slot, action, reasons }) => `${tier} ${slot.slice(0, 8)} ${action} ${reasons.map(({ code }) => code).join('+')}`,
  );
}

describe('a rule by age', () => {
  it('keeps seven nightly backups for "7d", and removes the one of a week ago', () => {
    const days = ['2026-04-11', '2026-04-12', '2026-04-13', '2026-04-14', '2026-04-17', '2026-04-18', '2026-04-19'];
    expect(plan(dailies(...days), { daily: '7d' })).toEqual([
      'daily 20260419 keep within-age',
      'daily 20260418 keep within-age',
      'daily 20260417 keep within-age',
      'daily 20260414 keep within-age',
      'daily 20260413 keep within-age',
      'daily 20260412 remove beyond-age',
      'daily 20260411 remove beyond-age',
    ]);
  });

  it('keeps a backup that is exactly as old as the rule', () => {
    expect(plan(dailies('2026-04-12', '2026-04-18', '2026-04-19'), { daily: '7d' }, '2026-04-19T02:00:00Z')).toContain(
      'daily 20260412 keep within-age',
    );
  });
});

it('counts the backups that are there, in each tier by itself', () => {
  const weeklies = ['2026-03-29', '2026-04-05', '2026-04-12'].map((day) => backup(day, 'weekly'));
  expect(plan([...weeklies, ...dailies('2026-04-16', '2026-04-18', '2026-04-19')], { daily: 2, weekly: 2 })).toEqual([
    'daily 20260419 keep within-count',
    'daily 20260418 keep within-count',
    'daily 20260416 remove beyond-count',
    'weekly 20260412 keep within-count',
    'weekly 20260405 keep within-count',
    'weekly 20260329 remove beyond-count',
  ]);
});

it('keeps for ever what is to be kept for ever, and archives whatever the rules say', () => {
  const backups = [backup('2001-01-01', 'yearly'), backup('2001-01-01', 'archive'), ...dailies('2026-04-18', '2026-04-19')];
  expect(plan(backups, { daily: '7d', yearly: 'forever' }).slice(2)).toEqual([
    'yearly 20010101 keep forever',
    'archive 20010101 keep archive',
  ]);
});

it('removes nothing of a tier that has vanished from the configuration', () => {
  const backups = [backup('2001-01-01', 'monthly'), ...dailies('2026-04-18', '2026-04-19')];
  expect(plan(backups, { daily: '7d' })).toContain('monthly 20010101 keep no-rule');
});

describe('the floor', () => {
  it('keeps the two newest backups after an outage that is longer than every rule', () => {
    const backups = [backup('2026-03-01', 'weekly'), ...dailies('2026-03-07', '2026-03-08', '2026-04-19')];
    expect(plan(backups, { daily: '7d', weekly: '4w' })).toEqual([
      'daily 20260419 keep within-age',
      'daily 20260308 keep beyond-age+floor-newest-verified',
      'daily 20260307 remove beyond-age',
      'weekly 20260301 remove beyond-age',
    ]);
  });

  it('keeps the newest two under a rule that keeps one', () => {
    expect(plan(dailies('2026-04-17', '2026-04-18', '2026-04-19'), { daily: 1 })).toEqual([
      'daily 20260419 keep within-count',
      'daily 20260418 keep beyond-count+floor-newest-verified',
      'daily 20260417 remove beyond-count',
    ]);
  });

  it('is silent where another copy of the same slot lives on', () => {
    const backups = [backup('2026-03-08', 'weekly'), ...dailies('2026-03-08', '2026-04-19')];
    expect(plan(backups, { daily: '7d', weekly: '8w' })).toEqual([
      'daily 20260419 keep within-age',
      'daily 20260308 remove beyond-age',
      'weekly 20260308 keep within-age',
    ]);
  });

  it('protects the copy with the most generous rule, else the daily', () => {
    const copies = [backup('2026-01-04', 'weekly'), backup('2026-01-04', 'monthly'), ...dailies('2026-01-04', '2026-04-19')];
    expect(plan(copies, { daily: '7d', weekly: '4w', monthly: '2mo' }).slice(1)).toEqual([
      'daily 20260104 remove beyond-age',
      'weekly 20260104 remove beyond-age',
      'monthly 20260104 keep beyond-age+floor-newest-verified',
    ]);
    const newer = [backup('2026-04-19', 'weekly'), backup('2026-04-19', 'daily', '05:00')];
    const counted = [...newer, backup('2026-04-18', 'weekly'), backup('2026-04-18')];
    expect(plan(counted, { daily: 1, weekly: 1 }, '2026-04-19T06:00:00Z')).toEqual([
      'daily 20260419 keep within-count',
      'weekly 20260419 keep within-count',
      'daily 20260418 remove beyond-count',
      'weekly 20260418 remove beyond-count',
    ]);
    const lonely = [
      backup('2026-04-19', 'daily', '05:00'),
      backup('2026-04-19', 'weekly', '05:00'),
      backup('2026-04-18', 'weekly'),
      backup('2026-04-18'),
    ];
    expect(plan(lonely, { daily: 1, weekly: 1 }, '2026-04-19T06:00:00Z').slice(2)).toEqual([
      'daily 20260418 keep beyond-count+floor-newest-verified',
      'weekly 20260418 remove beyond-count',
    ]);
  });

  it('is silent where another copy of the same slot is kept for ever, or by no rule', () => {
    const backups = [backup('2026-03-08', 'weekly'), ...dailies('2026-03-08', '2026-04-19')];
    expect(plan(backups, { daily: '7d', weekly: 'forever' })[1]).toBe('daily 20260308 remove beyond-age');
    expect(plan(backups, { daily: '7d' })[1]).toBe('daily 20260308 remove beyond-age');
  });

  it('counts slots and not copies: two copies of one night are one backup', () => {
    const backups = [backup('2026-04-19', 'weekly'), ...dailies('2026-03-01', '2026-04-19')];
    expect(plan(backups, { daily: '7d', weekly: '4w' }).at(-1)).toBe('daily 20260301 keep beyond-age+floor-newest-verified');
  });

  it('cannot keep what is not there', () => {
    expect(plan([], { daily: 1 })).toEqual([]);
    expect(plan(dailies('2026-04-19'), { daily: 1 })).toEqual(['daily 20260419 keep within-count']);
  });
});

describe('the newest complete set', () => {
  const days = ['2026-04-05', '2026-04-17', '2026-04-18', '2026-04-19'];
  const sets = [slotOf(new Date('2026-04-05T02:00:00Z'))];

  it('keeps the backup that a source has in it, whatever its rule says', () => {
    expect(plan(dailies(...days), { daily: '7d' }, undefined, { sets })).toEqual([
      'daily 20260419 keep within-age',
      'daily 20260418 keep within-age',
      'daily 20260417 keep within-age',
      'daily 20260405 keep beyond-age+floor-newest-set',
    ]);
  });

  it('keeps one copy, the one that its rule keeps the longest', () => {
    const backups = [...dailies(...days), backup('2026-04-05', 'weekly')];
    expect(plan(backups, { daily: '7d', weekly: '10d' }, undefined, { sets }).slice(3)).toEqual([
      'daily 20260405 remove beyond-age',
      'weekly 20260405 keep beyond-age+floor-newest-set',
    ]);
  });

  it('asks for nothing of a source that is not in it', () => {
    const other = [slotOf(new Date('2026-04-06T02:00:00Z'))];
    expect(plan(dailies(...days), { daily: '7d' }, undefined, { sets: other }).at(-1)).toBe('daily 20260405 remove beyond-age');
  });
});

describe('a damaged backup', () => {
  const [newest, ...older] = dailies('2026-04-19', '2026-04-10', '2026-04-09', '2026-04-08');
  const damaged = [{ ...(newest as VerifiedBackup), damaged: true }, ...older];

  it('is kept, and counts neither for the floor nor for a count nor for the clock', () => {
    expect(plan(damaged, { daily: 1 })).toEqual([
      'daily 20260419 keep damaged',
      'daily 20260410 keep within-count',
      'daily 20260409 keep beyond-count+floor-newest-verified',
      'daily 20260408 remove beyond-count',
    ]);
    expect(plan(damaged, { daily: 1 }, '2026-04-21T02:20:00Z')[3]).toBe('daily 20260408 keep clock-in-doubt');
  });
});

describe('a listing that is in doubt', () => {
  it('removes nothing, and each backup says why', () => {
    const doubt = '9 of 12 backups are not listed';
    const decisions = planRetention({
      now: new Date('2026-04-19T02:20:00Z'),
      keep: { daily: 1 },
      backups: dailies('2026-04-01', '2026-04-18', '2026-04-19'),
      doubt,
    });
    expect(decisions.map(({ action, reasons }) => [action, reasons])).toEqual(
      Array(3).fill(['keep', [{ code: 'listing-in-doubt', text: `nothing is removed: ${doubt}` }]]),
    );
  });
});

it('does not take the date of an archive for the time of a run', () => {
  const archives = [backup('2026-01-15', 'archive'), backup('2030-01-01', 'archive')];
  expect(plan(archives, {})).toEqual(['archive 20300101 keep archive', 'archive 20260115 keep archive']);
  expect(plan([...archives, ...dailies('2026-04-17', '2026-04-18', '2026-04-19')], { daily: 2 })).toContain(
    'daily 20260419 keep within-count',
  );
});

describe('a clock that disagrees with the backups', () => {
  const many = dailies('2026-01-01', '2026-01-02', '2026-04-17', '2026-04-18', '2026-04-19');

  it.each([
    ['an hour behind', '2026-04-19T01:00:00Z'],
    ['in 1970', '1970-01-01T00:00:00Z'],
    ['eleven days ahead', '2026-04-30T02:20:00Z'],
    ['in 2038', '2038-01-19T03:14:08Z'],
    ['broken', 'not a time'],
  ])('removes nothing when it is %s', (_, now) => {
    expect(new Set(plan(many, { daily: 2 }, now).map((line) => line.split(' ').slice(2).join(' ')))).toEqual(
      new Set(['keep clock-in-doubt']),
    );
  });

  it('is trusted when it lags by a few minutes', () => {
    expect(plan(many, { daily: 2 }, '2026-04-19T01:56:00Z').at(-1)).toBe('daily 20260101 remove beyond-count');
  });
});

describe('the cap', () => {
  const days = Array.from({ length: 40 }, (_, i) => new Date(Date.UTC(2026, 2, 11 + i)).toISOString().slice(0, 10));

  it('lets the oldest go first and leaves the rest for later runs', () => {
    const lines = plan(dailies(...days), { daily: '7d' }, undefined, { maxRemovals: 3 });
    expect(lines.filter((line) => line.includes(' remove '))).toEqual([
      'daily 20260313 remove beyond-age',
      'daily 20260312 remove beyond-age',
      'daily 20260311 remove beyond-age',
    ]);
    expect(lines).toContain('daily 20260314 keep beyond-age+removal-cap');
  });

  it('is twenty, or a tenth where that is more', () => {
    const removals = (count: number): number => {
      const backups = Array.from({ length: count }, (_, i) =>
        backup(new Date(Date.UTC(2026, 3, 19 - i)).toISOString().slice(0, 10)),
      );
      return plan(backups, { daily: 2 }).filter((line) => line.includes(' remove ')).length;
    };
    expect([removals(15), removals(40), removals(400)]).toEqual([13, 20, 40]);
  });
});

it('goes by the slot and not by the order of the listing, and takes a key that was listed twice as one', () => {
  const backups = dailies('2026-04-10', '2026-04-17', '2026-04-18', '2026-04-19');
  const expected = plan(backups, { daily: 3 });
  expect(plan([...backups].reverse(), { daily: 3 })).toEqual(expected);
  expect(plan([...backups, ...backups], { daily: 3 })).toEqual(expected);
});

it('says in words why each backup is kept or removed', () => {
  const backups = [backup('2026-04-05', 'weekly'), ...dailies('2026-03-01', '2026-04-18', '2026-04-19')];
  const texts = planRetention({ now: new Date('2026-04-19T02:20:00Z'), keep: { daily: '7d', weekly: 4 }, backups });
  expect(texts.map(({ reasons }) => reasons.map(({ text }) => text).join('; '))).toEqual([
    'not older than 7 days, the age of daily',
    'not older than 7 days, the age of daily',
    'number 1 of the 4 newest in weekly',
    'older than 7 days, the age of daily',
  ]);
});
