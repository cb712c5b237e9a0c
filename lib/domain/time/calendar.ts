import { WEEKDAYS, type Weekday } from '../config/config.ts';
import { instantOf, type Slot } from './slot.ts';

const DAY_MS = 86_400_000;

/** 1 January 1970 was a Thursday, and weeks start on Monday: this many days of week 0 came before it. */
const DAYS_BEFORE_EPOCH = 3;

/** A zone's memory of slots is emptied at this size: many times what one source has in the vault. */
const REMEMBERED_SLOTS = 10_000;

/** A day of the calendar, whatever the zone it was read in. */
export interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Days since 1 January 1970: days and weeks are compared and counted by it. */
  readonly number: number;
}

export function dateOf(year: number, month: number, day: number): LocalDate {
  return { year, month, day, number: Date.UTC(year, month - 1, day) / DAY_MS };
}

/** The day on which an instant falls in a zone. */
export function localDate(instant: Date, timeZone: string): LocalDate {
  const [month, day, year] = formatter(timeZone).format(instant).split('/').map(Number) as [number, number, number];
  return dateOf(year, month, day);
}

/** The day on which a slot falls in a zone. Remembered, since every decision asks for the same slots again. */
export function slotDate(slot: Slot, timeZone: string): LocalDate {
  const known = memoryOf(timeZone);
  const remembered = known.get(slot);
  if (remembered) return remembered;

  const date = localDate(instantOf(slot), timeZone);
  if (known.size >= REMEMBERED_SLOTS) known.clear();
  known.set(slot, date);
  return date;
}

/** 0 for Monday to 6 for Sunday. */
export const weekdayIndex = (date: LocalDate): number => modulo(date.number + DAYS_BEFORE_EPOCH, 7);

export const weekdayOf = (date: LocalDate): Weekday => WEEKDAYS[weekdayIndex(date)] as Weekday;

/** Number of the week, from Monday to Sunday; two days are in one ISO week exactly if this is equal. */
export const weekNumber = (date: LocalDate): number => Math.floor((date.number + DAYS_BEFORE_EPOCH) / 7);

/** The Monday on which a week begins, by its number. */
export const mondayOf = (week: number): LocalDate => dateOfNumber(week * 7 - DAYS_BEFORE_EPOCH);

/** `2026-W17`. An ISO week belongs to the year that has its Thursday. */
export function weekLabel(week: number): string {
  const thursday = dateOfNumber(mondayOf(week).number + 3);
  const first = dateOf(thursday.year, 1, 1);
  return `${thursday.year}-W${pad(Math.floor((thursday.number - first.number) / 7) + 1)}`;
}

/** `2026-04` */
export const monthLabel = (date: LocalDate): string => `${date.year}-${pad(date.month)}`;

/** `2026` */
export const yearLabel = (date: LocalDate): string => String(date.year);

/** `2026-04-19` */
export const dateLabel = (date: LocalDate): string => `${monthLabel(date)}-${pad(date.day)}`;

/** The day so many days later. */
export const dayAfter = (date: LocalDate, days: number): LocalDate => dateOfNumber(date.number + days);

function dateOfNumber(number: number): LocalDate {
  const instant = new Date(number * DAY_MS);
  return dateOf(instant.getUTCFullYear(), instant.getUTCMonth() + 1, instant.getUTCDate());
}

const pad = (n: number): string => String(n).padStart(2, '0');

const modulo = (n: number, divisor: number): number => ((n % divisor) + divisor) % divisor;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter takes a hundred times as long as using it. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  const made = formatters.get(timeZone);
  if (made) return made;

  // Locale, calendar and digits are fixed, so that the machine's own settings change nothing: month/day/year.
  const fixed = { calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, ...fixed });
  formatters.set(timeZone, format);
  return format;
}

const memories = new Map<string, Map<Slot, LocalDate>>();

function memoryOf(timeZone: string): Map<Slot, LocalDate> {
  const known = memories.get(timeZone) ?? new Map<Slot, LocalDate>();
  memories.set(timeZone, known);
  return known;
}
