const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const LONGEST_MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  readonly min: number;
  readonly max: number;
  /** Names of values, the first for `min`. */
  readonly names?: readonly string[];
}

const MINUTE: Field = { min: 0, max: 59 };
const HOUR: Field = { min: 0, max: 23 };
const DAY_OF_MONTH: Field = { min: 1, max: 31 };
const MONTH: Field = { min: 1, max: 12, names: MONTHS };
/** 7 is Sunday too, as in every cron. */
const WEEKDAY: Field = { min: 0, max: 7, names: DAYS };

/** The values of one field, ascending; `undefined` where every value is meant. */
type Values = readonly number[] | undefined;

/** When a schedule fires, in the local time of its zone. Sunday is 0. */
export interface Cron {
  readonly minutes: Values;
  readonly hours: Values;
  readonly daysOfMonth: Values;
  readonly months: Values;
  readonly weekdays: Values;
}

/** Says whether a text is the name of an IANA time zone. Offsets ("+01:00") are none: they know no daylight saving. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Z]/.test(text)) return false;
  try {
    // Intl takes any case, EventBridge Scheduler does not.
    const known = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
    return known === text || known.toLowerCase() !== text.toLowerCase();
  } catch {
    return false;
  }
}

/**
 * Reads five cron fields (minute hour day month weekday): numbers, names (MON, JAN), `*`, lists, ranges and steps.
 *
 * Undefined where the text is no such thing, and for what EventBridge Scheduler cannot say or would never fire: days of the month
 * and weekdays both restricted (it wants one of them to be `?`), and a day that none of the months has.
 */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (!minute || !hour || !day || !month || !weekday || fields.length !== 5) return undefined;

  const minutes = parseField(minute, MINUTE);
  const hours = parseField(hour, HOUR);
  const daysOfMonth = parseField(day, DAY_OF_MONTH);
  const months = parseField(month, MONTH);
  const weekdays = parseField(weekday, WEEKDAY)?.map((d) => d % 7);
  if (!minutes || !hours || !daysOfMonth || !months || !weekdays) return undefined;

  const cron = {
    minutes: restricted(minutes, 60),
    hours: restricted(hours, 24),
    daysOfMonth: restricted(daysOfMonth, 31),
    months: restricted(months, 12),
    weekdays: restricted(weekdays, 7),
  };
  const bothDays = cron.daysOfMonth !== undefined && cron.weekdays !== undefined;
  return bothDays || !fires(daysOfMonth, months) ? undefined : cron;
}

/** EventBridge Scheduler's spelling. Weekdays are written as names, because it counts from 1 = Sunday. */
export function toSchedulerExpression(cron: Cron): string {
  const weekdays = cron.weekdays?.map((d) => DAYS[d]).join(',');
  const fields = [
    ranges(cron.minutes),
    ranges(cron.hours),
    weekdays ? '?' : ranges(cron.daysOfMonth),
    ranges(cron.months),
    weekdays ?? '?',
    '*',
  ];
  return `cron(${fields.join(' ')})`;
}

function parseField(text: string, field: Field): number[] | undefined {
  const values: number[] = [];
  for (const item of text.split(',')) {
    const parsed = parseItem(item, field);
    if (!parsed) return undefined;
    values.push(...parsed);
  }
  return values;
}

/** `*`, `5`, `1-5`, `SUN`, and a step after `*` or a range. `5/10` is refused: crons disagree on what it means. */
function parseItem(item: string, field: Field): number[] | undefined {
  const [range = '', stepText, ...rest] = item.split('/');
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (rest.length > 0 || step === undefined || step < 1 || step > field.max) return undefined;

  const top = field === WEEKDAY ? 6 : field.max;
  if (range === '*') return every(field.min, top, step);

  const [fromText = '', toText, ...more] = range.split('-');
  const from = parseValue(fromText, field);
  if (from === undefined || more.length > 0) return undefined;
  if (toText === undefined) return stepText === undefined ? [from] : undefined;

  const to = parseValue(toText, field);
  if (to === undefined) return undefined;
  // FRI-SUN ends with a Sunday that comes after Friday.
  const end = field === WEEKDAY && to === 0 && from > 0 ? 7 : to;
  return end < from ? undefined : every(from, end, step);
}

function parseValue(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? field.min + named : parseNumber(text);
  return value !== undefined && value >= field.min && value <= field.max ? value : undefined;
}

const parseNumber = (text: string): number | undefined => (/^\d{1,2}$/.test(text) ? Number(text) : undefined);

const every = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

function restricted(values: readonly number[], all: number): Values {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  return distinct.length === all ? undefined : distinct;
}

const fires = (days: readonly number[], months: readonly number[]): boolean =>
  months.some((month) => days.some((day) => day <= (LONGEST_MONTH_DAYS[month - 1] ?? 0)));

/** Steps are written out, runs of three or more as a range, since those two forms mean the same everywhere. */
function ranges(values: Values): string {
  if (!values) return '*';
  const runs: number[][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.at(-1) === value - 1) last.push(value);
    else runs.push([value]);
  }
  return runs.map((run) => (run.length < 3 ? run.join(',') : `${run[0]}-${run.at(-1)}`)).join(',');
}
