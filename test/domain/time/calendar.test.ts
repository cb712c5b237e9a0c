import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  dateLabel,
  dateOf,
  dayAfter,
  localDate,
  mondayOf,
  monthLabel,
  slotDate,
  weekdayOf,
  weekLabel,
  weekNumber,
  yearLabel,
} from '../../../lib/domain/time/calendar.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';

it.each([
  ['2026-04-19T02:00:00Z', 'UTC', '2026-04-19'],
  ['2026-04-18T23:30:00Z', 'Europe/Paris', '2026-04-19'],
  ['2026-04-19T02:00:00Z', 'America/Los_Angeles', '2026-04-18'],
  ['2026-12-31T10:00:00Z', 'Pacific/Kiritimati', '2027-01-01'],
  ['2026-01-01T10:00:00Z', 'Pacific/Pago_Pago', '2025-12-31'],
  ['2026-03-28T18:14:00Z', 'Asia/Kathmandu', '2026-03-28'],
  ['2026-03-28T18:15:00Z', 'Asia/Kathmandu', '2026-03-29'],
  ['2024-02-29T12:00:00Z', 'Europe/Paris', '2024-02-29'],
])('reads %s in %s as %s', (instant, zone, expected) => {
  expect(dateLabel(localDate(new Date(instant), zone))).toBe(expected);
  expect(dateLabel(slotDate(slotOf(new Date(instant)), zone))).toBe(expected);
});

it('remembers a slot for each zone apart', () => {
  const slot = slotOf(new Date('2026-04-18T23:30:00Z'));
  expect([slotDate(slot, 'UTC').day, slotDate(slot, 'Europe/Paris').day, slotDate(slot, 'UTC').day]).toEqual([18, 19, 18]);
});

it.each([
  [2026, 4, 19, '2026-W16', 'SUN'],
  [2026, 4, 20, '2026-W17', 'MON'],
  [2024, 12, 29, '2024-W52', 'SUN'],
  [2024, 12, 30, '2025-W01', 'MON'],
  [2027, 1, 3, '2026-W53', 'SUN'],
  [2021, 1, 3, '2020-W53', 'SUN'],
  [2021, 1, 4, '2021-W01', 'MON'],
  [2026, 1, 1, '2026-W01', 'THU'],
  [1969, 12, 31, '1970-W01', 'WED'],
])('counts %d-%d-%d to ISO week %s, a %s', (year, month, day, label, weekday) => {
  const date = dateOf(year, month, day);
  expect([weekLabel(weekNumber(date)), weekdayOf(date)]).toEqual([label, weekday]);
});

it('labels months and years', () => {
  expect([monthLabel(dateOf(2026, 4, 1)), yearLabel(dateOf(2026, 4, 1))]).toEqual(['2026-04', '2026']);
});

it('begins each week on the Monday before or at the day, and never has a day in two weeks', () => {
  fc.assert(
    fc.property(fc.integer({ min: -20_000, max: 60_000 }), (number) => {
      const date = dayAfter(dateOf(1970, 1, 1), number);
      const monday = mondayOf(weekNumber(date));
      expect(weekdayOf(monday)).toBe('MON');
      expect(date.number - monday.number).toBeGreaterThanOrEqual(0);
      expect(date.number - monday.number).toBeLessThan(7);
      expect(date.number).toBe(number);
    }),
  );
});
