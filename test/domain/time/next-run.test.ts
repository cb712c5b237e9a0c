import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastRun, nextRun } from '../../../lib/domain/time/next-run.ts';
import { type Cron, parseCron } from '../../../lib/domain/time/schedule.ts';

const cron = (text: string): Cron => parseCron(text) as Cron;
const next = (text: string, timeZone: string, after: string) => nextRun(cron(text), timeZone, new Date(after))?.toISOString();
const last = (text: string, timeZone: string, at: string) => lastRun(cron(text), timeZone, new Date(at))?.toISOString();

describe('the next run', () => {
  it.each([
    ['0 2 * * *', 'UTC', '2026-04-19T02:00:00Z', '2026-04-20T02:00:00.000Z', 'is strictly after'],
    ['0 2 * * *', 'UTC', '2026-04-19T01:59:59Z', '2026-04-19T02:00:00.000Z', 'is of the same day'],
    ['0 3 * * SUN', 'UTC', '2026-04-19T03:00:01Z', '2026-04-26T03:00:00.000Z', 'waits for a weekday'],
    ['30 4 31 * *', 'Europe/Paris', '2026-04-01T00:00:00Z', '2026-05-31T02:30:00.000Z', 'waits for a month that is long enough'],
    ['0 0 29 2 *', 'UTC', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00.000Z', 'waits for a leap day over a century without'],
    [
      '0 2 * * *',
      'Europe/Paris',
      '2026-03-28T12:00:00Z',
      '2026-03-30T00:00:00.000Z',
      'skips the night in which 02:00 does not exist',
    ],
    [
      '30 2 * * SUN',
      'Europe/Paris',
      '2026-03-25T00:00:00Z',
      '2026-04-05T00:30:00.000Z',
      'skips the whole week where that is a Sunday',
    ],
    ['0 2 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z', '2026-10-25T00:00:00.000Z', 'is the first 02:00 of two'],
    ['0 2 * * *', 'Europe/Paris', '2026-10-25T00:30:00Z', '2026-10-26T01:00:00.000Z', 'does not fire at the second 02:00'],
    ['0 12 30 12 *', 'Pacific/Apia', '2011-12-29T23:00:00Z', '2012-12-29T22:00:00.000Z', 'skips a day that a zone left out'],
    [
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T10:00:00Z',
      '2026-10-04T15:15:00.000Z',
      'knows clocks that move by half an hour',
    ],
  ])('of %s in %s after %s is %s: it %s', (text, zone, after, expected) => {
    expect(next(text, zone, after)).toBe(expected);
  });
});

describe('the last run', () => {
  it.each([
    ['0 2 * * *', 'UTC', '2026-04-19T02:00:00Z', '2026-04-19T02:00:00.000Z'],
    ['0 2 * * *', 'UTC', '2026-04-19T01:59:59Z', '2026-04-18T02:00:00.000Z'],
    ['0 2 * * *', 'Europe/Paris', '2026-03-29T12:00:00Z', '2026-03-28T01:00:00.000Z'],
    ['0 2 * * *', 'Europe/Paris', '2026-10-25T03:00:00Z', '2026-10-25T00:00:00.000Z'],
    ['0 3 * * SUN', 'UTC', '2026-04-19T02:59:00Z', '2026-04-12T03:00:00.000Z'],
  ])('of %s in %s at %s was %s', (text, zone, at, expected) => {
    expect(last(text, zone, at)).toBe(expected);
  });
});

const MINUTE = 60_000;
const HORIZON = 3 * 24 * 60;

/** The clock on a wall: read off by another way than the code under test does. */
function wall(zone: string) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return (instant: number) => format.format(instant);
}

/** Looks at the clock every minute, and remembers what it has shown. Undefined where nothing fires in these days. */
function oracle({ months, daysOfMonth, weekdays, hours, minutes }: Cron, zone: string, from: number): (number | undefined)[] {
  const has = (values: readonly number[] | undefined, value: number) => !values || values.includes(value);
  const clock = wall(zone);
  const shown = new Set<string>();
  const fired: number[] = [];
  // starts a day early, to know what of the first hours comes for the second time
  for (let at = from - 1440 * MINUTE; at <= from + HORIZON * MINUTE; at += MINUTE) {
    const time = clock(at);
    const [year, month, day, hour, minute] = time.split(/\D/).map(Number) as [number, number, number, number, number];
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    const first = !shown.has(time);
    shown.add(time);
    if (
      first &&
      has(months, month) &&
      has(daysOfMonth, day) &&
      has(weekdays, weekday) &&
      has(hours, hour) &&
      has(minutes, minute)
    )
      fired.push(at);
  }
  return [fired.find((at) => at > from), fired.findLast((at) => at <= from + (HORIZON / 2) * MINUTE && at > from)];
}

/** Around changes of clocks, where all the errors are. */
const moments = fc
  .record({
    change: fc.constantFrom(
      '2026-03-29T01:00:00Z',
      '2026-10-25T01:00:00Z',
      '2026-03-08T07:00:00Z',
      '2026-11-01T06:00:00Z',
      '2026-04-04T15:00:00Z',
      '2026-10-03T15:30:00Z',
      '2026-09-05T16:00:00Z',
      '2026-04-24T00:00:00Z',
      '2026-12-31T12:00:00Z',
    ),
    minutes: fc.integer({ min: -2200, max: 600 }),
  })
  .map(({ change, minutes }) => Date.parse(change) + minutes * MINUTE);

const zones = fc.constantFrom(
  'UTC',
  'Europe/Paris',
  'Europe/Dublin',
  'America/New_York',
  'America/Santiago',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Atlantic/Azores',
  'Pacific/Chatham',
  'Antarctica/Troll',
);

const crons = fc
  .tuple(
    fc.oneof(fc.constant('*/15'), fc.integer({ min: 0, max: 59 }).map(String)),
    fc.oneof(
      fc.constant('*'),
      fc.constant('1-3'),
      fc.integer({ min: 0, max: 23 }).map(String),
      fc.integer({ min: 0, max: 3 }).map(String),
    ),
    fc.constantFrom('* * *', '* * SUN', '* * MON-FRI', '1,25,29 * *', '* 3,10 *'),
  )
  .map(([minute, hour, days]) => cron(`${minute} ${hour} ${days}`));

it('agrees with somebody who looks at the clock every minute', () => {
  fc.assert(
    fc.property(crons, zones, moments, (schedule, zone, from) => {
      const [soon, lately] = oracle(schedule, zone, from);
      const upcoming = nextRun(schedule, zone, new Date(from))?.getTime();
      const within = (instant = Number.NaN) => (instant > from && instant <= from + HORIZON * MINUTE ? instant : undefined);
      expect(within(upcoming)).toBe(soon);
      const past = lastRun(schedule, zone, new Date(from + (HORIZON / 2) * MINUTE))?.getTime();
      expect(within(past)).toBe(lately);
    }),
    { numRuns: 150 },
  );
}, 60_000);

it('never names a run that the last one does not find again', () => {
  fc.assert(
    fc.property(crons, zones, moments, (schedule, zone, from) => {
      const upcoming = nextRun(schedule, zone, new Date(from)) as Date;
      expect(lastRun(schedule, zone, upcoming)).toEqual(upcoming);
      expect(lastRun(schedule, zone, new Date(upcoming.getTime() - 1))?.getTime()).toBeLessThanOrEqual(from);
    }),
  );
});
