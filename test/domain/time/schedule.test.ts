import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTimeZone, parseCron, toSchedulerExpression } from '../../../lib/domain/time/schedule.ts';

const expressionOf = (text: string): string | undefined => {
  const cron = parseCron(text);
  return cron && toSchedulerExpression(cron);
};

it.each([
  ['0 2 * * *', 'cron(0 2 * * ? *)'],
  ['  30   3  *  * * ', 'cron(30 3 * * ? *)'],
  ['*/15 * * * *', 'cron(0,15,30,45 * * * ? *)'],
  ['0 1-5 * * *', 'cron(0 1-5 * * ? *)'],
  ['0 8-18/5 * * *', 'cron(0 8,13,18 * * ? *)'],
  ['0 0 1,15 * *', 'cron(0 0 1,15 * ? *)'],
  ['0 2 L * *', undefined],
  ['0 2 1 JAN,jul *', 'cron(0 2 1 1,7 ? *)'],
  ['0 2 29 2 *', 'cron(0 2 29 2 ? *)'],
  ['0-59 * * * *', 'cron(* * * * ? *)'],
])('writes %j as %j for EventBridge Scheduler', (written, expected) => {
  expect(expressionOf(written)).toBe(expected);
});

it.each([
  ['0 2 * * 0', 'SUN'],
  ['0 2 * * 7', 'SUN'],
  ['0 2 * * SUN', 'SUN'],
  ['0 2 * * 1', 'MON'],
  ['0 2 * * sat', 'SAT'],
  ['0 2 * * MON-FRI', 'MON,TUE,WED,THU,FRI'],
  ['0 2 * * FRI-SUN', 'SUN,FRI,SAT'],
  ['0 2 * * 5-7', 'SUN,FRI,SAT'],
  ['0 2 * * SUN-TUE', 'SUN,MON,TUE'],
])('names the weekdays of %j, since EventBridge counts from 1 = Sunday: %s', (written, days) => {
  expect(expressionOf(written)).toBe(`cron(0 2 ? * ${days} *)`);
});

it.each(['0 2 * * 0-6', '0 2 * * 1-7', '0 2 * * */1', '0 2 1-31 * *'])('sees that %j means every day', (written) => {
  expect(expressionOf(written)).toBe('cron(0 2 * * ? *)');
});

describe('refuses', () => {
  it.each([
    ['too few fields', '0 2 * *'],
    ['too many fields', '0 2 * * * *'],
    ['nothing', ''],
    ['a minute of 60', '60 2 * * *'],
    ['an hour of 24', '0 24 * * *'],
    ['day 0', '0 2 0 * *'],
    ['month 13', '0 2 1 13 *'],
    ['weekday 8', '0 2 * * 8'],
    ['an unknown name', '0 2 * * FUN'],
    ['a month name as a weekday', '0 2 * * JAN'],
    ['a range that runs backwards', '0 5-2 * * *'],
    ['a step of 0', '*/0 * * * *'],
    ['a step beyond the field', '*/60 * * * *'],
    ['a step after a single value', '5/10 * * * *'],
    ['an empty list item', '1,,2 * * * *'],
    ['signs', '-1 +2 * * *'],
    ['a decimal', '0.5 2 * * *'],
    ['macros', '@daily'],
    ['EventBridge syntax', 'cron(0 2 * * ? *)'],
    ['a day of the month and a weekday at once', '0 2 1 * MON'],
    ['a day that never comes', '0 2 30 2 *'],
    ['another day that never comes', '0 2 31 4,6,9,11 *'],
  ])('%s', (_, written) => {
    expect(parseCron(written)).toBeUndefined();
  });
});

it('says what was asked for, in at most the 256 characters that EventBridge takes', () => {
  const field = (min: number, max: number) =>
    fc
      .subarray(
        Array.from({ length: max - min + 1 }, (_, i) => min + i),
        { minLength: 1 },
      )
      .map((values) => ({ values, all: values.length === max - min + 1 }));
  fc.assert(
    fc.property(field(0, 59), field(0, 23), field(1, 31), field(1, 12), (minutes, hours, days, months) => {
      fc.pre(days.values.some((day) => day < 29));
      const written = [minutes, hours, days, months].map(({ values }) => values.join(','));
      const expression = expressionOf(`${written.join(' ')} *`) ?? '';
      const fields = [minutes, hours, days, months];
      const read = expression.slice(5).split(' ').slice(0, 4);
      for (const [i, { values, all }] of fields.entries()) expect(expanded(read[i] ?? '')).toEqual(all ? '*' : values);
      expect(expression).toMatch(/^cron\(.* \? \*\)$/);
      expect(expression.length).toBeLessThanOrEqual(256);
    }),
  );
});

function expanded(field: string): number[] | '*' {
  if (field === '*') return '*';
  return field.split(',').flatMap((item) => {
    const [from = 0, to = from] = item.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

it.each(['UTC', 'Europe/Paris', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('knows the zone %s', (zone) => {
  expect(isTimeZone(zone)).toBe(true);
});

it.each(['', 'europe/paris', 'Europe/paris', 'Europe/Atlantis', '+01:00', 'Paris', ' UTC', 'UTC+1'])(
  'knows no zone %j',
  (zone) => {
    expect(isTimeZone(zone)).toBe(false);
  },
);
