import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { artifactKey } from '../../../lib/domain/backup/keys.ts';
import { PROMOTED_TIERS, type Tier } from '../../../lib/domain/backup/tiers.ts';
import { doubtOfListing } from '../../../lib/domain/retention/listing-doubt.ts';
import { planPromotions } from '../../../lib/domain/retention/promotion.ts';
import { planRetention, type RetentionInput, type VerifiedBackup } from '../../../lib/domain/retention/retention.ts';
import { retentionLines } from '../../../lib/domain/retention/retention-preview.ts';
import type { RetentionRecord } from '../../../lib/domain/retention/retention-record.ts';
import type { Keep } from '../../../lib/domain/source/source.ts';
import { type Slot, slotOf } from '../../../lib/domain/time/slot.ts';

/** `UPDATE_GOLDEN=1 npx vitest run test/domain/retention/retention-golden.test.ts` writes the files anew: read the difference, line by line. */
const UPDATE = process.env.UPDATE_GOLDEN === '1';
const FOLDER = new URL('../golden/retention/', import.meta.url);

const DAY = 86_400_000;
/** A Sunday. */
const LAST_NIGHT = Date.UTC(2026, 3, 19, 2);
const nightsAgo = (nights: number): Slot => slotOf(new Date(LAST_NIGHT - nights * DAY));
const backup = (tier: Tier, slot: Slot): VerifiedBackup => ({
  key: artifactKey({ tier, sourceId: 'app', slot, format: 'dump' }),
  tier,
  slot,
});

interface Told {
  /** Nights before the last that had a backup; the last one always has. */
  readonly nights: readonly number[];
  readonly keep: Keep;
  /** The rules until the last night. */
  readonly keepBefore?: Keep;
  readonly also?: readonly VerifiedBackup[];
  /** What the last night meets. */
  readonly last?: Partial<RetentionInput>;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const except = (nights: readonly number[], ...gone: readonly number[]): number[] => nights.filter((n) => !gone.includes(n));

/** Lives through the nights, with promotion and retention after each, and tells what the last one decides. */
function decide({ nights, keep, keepBefore = keep, also = [], last }: Told): RetentionRecord['sources'] {
  let backups = [...also];
  for (const n of [...nights].sort((a, b) => b - a)) {
    backups = promoted([...backups, backup('daily', nightsAgo(n))], nightsAgo(n), keepBefore);
    const now = new Date(LAST_NIGHT - n * DAY + DAY / 48);
    const decisions = planRetention({ now, keep: keepBefore, backups });
    const gone = new Set(decisions.filter(({ action }) => action === 'remove').map(({ key }) => key));
    backups = backups.filter(({ key }) => !gone.has(key));
  }
  backups = promoted([...backups, backup('daily', nightsAgo(0))], nightsAgo(0), keep);
  const decisions = planRetention({ now: new Date(LAST_NIGHT + DAY / 48), keep, backups, ...last });
  return [{ result: 'decided', sourceId: 'app', decisions: [...decisions] }];
}

function promoted(backups: readonly VerifiedBackup[], slot: Slot, keep: Keep): VerifiedBackup[] {
  const slotsIn = (wanted: Tier): Slot[] => backups.filter(({ tier }) => tier === wanted).map((copy) => copy.slot);
  const copies = Object.fromEntries(PROMOTED_TIERS.map((tier) => [tier, slotsIn(tier)]));
  const dailies = slotsIn('daily').sort();
  const made = planPromotions({ slot, timeZone: 'Europe/Paris', weeklyDay: 'SUN', keep, dailies, copies });
  return [...backups, ...made.map(({ tier, from }) => backup(tier, from))];
}

/** Half of what the last run kept is not listed. */
function partialListing(): RetentionRecord['sources'] {
  const known = range(0, 9).map((n) => backup('daily', nightsAgo(n)));
  const listed = known.filter((_, n) => n % 2 === 0);
  const verdict = doubtOfListing({
    fresh: [backup('daily', nightsAgo(0)).key],
    known: known.map(({ key }) => key),
    listed: listed.map(({ key }) => key),
  });
  const { doubt = 'none', missing } = verdict;
  const decisions = planRetention({ now: new Date(LAST_NIGHT), keep: { daily: '3d' }, backups: listed, doubt });
  return [{ result: 'decided', sourceId: 'app', decisions: [...decisions], ...(missing && { missing }) }];
}

const HISTORIES: Readonly<Record<string, () => RetentionRecord['sources']>> = {
  'as-documented': () => decide({ nights: range(1, 35), keep: { daily: '7d', weekly: '4w', monthly: '12mo', yearly: '5y' } }),
  'weekly-gap': () => decide({ nights: except(range(1, 35), 7, 8, 21, 22, 23), keep: { daily: '7d', weekly: '4w' } }),
  'long-outage': () => decide({ nights: range(60, 64), keep: { daily: '7d', weekly: '4w' } }),
  'clock-back': () => decide({ nights: range(1, 12), keep: { daily: '7d' }, last: { now: new Date('2026-04-18T02:30:00Z') } }),
  'clock-forward': () => decide({ nights: range(1, 12), keep: { daily: '7d' }, last: { now: new Date('2027-04-19T02:30:00Z') } }),
  'cap-reached': () => decide({ nights: range(1, 34), keepBefore: { daily: 'forever' }, keep: { daily: '7d' } }),
  'no-rule': () => decide({ nights: range(1, 9), keep: { daily: '7d' }, also: [backup('monthly', nightsAgo(400))] }),
  forever: () =>
    decide({
      nights: range(1, 9),
      keep: { daily: '7d', weekly: 'forever' },
      also: [backup('weekly', nightsAgo(3003)), backup('archive', nightsAgo(9000))],
    }),
  count: () => decide({ nights: except(range(1, 29), 1, 2, 5), keep: { daily: 7, weekly: 4 } }),
  'seven-years': () =>
    decide({ nights: range(1, 3), keep: { daily: '2555d' }, also: [2554, 2555, 2556].map((n) => backup('daily', nightsAgo(n))) }),
  'set-floor': () =>
    decide({ nights: range(1, 12), keepBefore: { daily: '30d' }, keep: { daily: '3d' }, last: { sets: [nightsAgo(10)] } }),
  damaged: () => decide({ nights: [1, 9, 10], keep: { daily: 2 }, also: [{ ...backup('daily', nightsAgo(2)), damaged: true }] }),
  'partial-listing': partialListing,
};

const written = (name: string): URL => new URL(`${name}.txt`, FOLDER);
if (UPDATE) mkdirSync(FOLDER, { recursive: true });

it.each(Object.keys(HISTORIES))('decides as written down, with its reasons: %s', (name) => {
  const text = `${retentionLines((HISTORIES[name] as () => RetentionRecord['sources'])()).join('\n')}\n`;
  if (UPDATE) writeFileSync(written(name), text);
  expect(text).toBe(readFileSync(written(name), 'utf8'));
});

it('has written down nothing else', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(
    Object.keys(HISTORIES)
      .map((name) => `${name}.txt`)
      .sort(),
  );
});

it('says of a source why everything of it is kept', () => {
  expect(
    retentionLines([
      { result: 'unverified', sourceId: 'app' },
      { result: 'doubtful', sourceId: 'media', why: 'its backups could not be listed' },
    ]),
  ).toEqual([
    'app: everything is kept: it has no verified backup in this slot',
    'media: everything is kept: its backups could not be listed',
  ]);
});
