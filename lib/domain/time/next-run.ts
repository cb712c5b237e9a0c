import { dayAfter, type LocalDate, localDate, weekdayIndex } from './calendar.ts';
import type { Cron } from './schedule.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A 29 February comes within eight years, as it does from 2096 to 2104; one more, in case that day's time falls into a gap. */
const SEARCH_DAYS = 9 * 366;

/**
 * When a schedule fires next, after an instant. As EventBridge Scheduler has it: a local time that does not exist, since clocks were
 * put forward over it, is skipped; one that comes twice, since they were put back, fires the first time only.
 * Undefined where it does not fire within nine years.
 */
export const nextRun = (cron: Cron, timeZone: string, after: Date): Date | undefined =>
  search(cron, timeZone, { from: after, step: 1, fits: (instant) => instant > after.getTime() });

/** When a schedule fired last, at an instant or before. */
export const lastRun = (cron: Cron, timeZone: string, at: Date): Date | undefined =>
  search(cron, timeZone, { from: at, step: -1, fits: (instant) => instant <= at.getTime() });

interface Search {
  readonly from: Date;
  readonly step: 1 | -1;
  readonly fits: (instant: number) => boolean;
}

/** Walks over the days of the zone's calendar, from the one before or after, since a zone may have changed its date. */
function search(cron: Cron, timeZone: string, { from, step, fits }: Search): Date | undefined {
  const times = timesOfDay(cron);
  if (step < 0) times.reverse();
  const start = dayAfter(localDate(from, timeZone), -step);
  for (let days = 0; days < SEARCH_DAYS; days++) {
    const date = dayAfter(start, step * days);
    if (!firesOn(cron, date)) continue;
    for (const time of times) {
      const instant = instantOfLocal(date.number * DAY_MS + time, timeZone);
      if (instant !== undefined && fits(instant)) return new Date(instant);
    }
  }
  return undefined;
}

const has = (values: readonly number[] | undefined, value: number): boolean => values === undefined || values.includes(value);

const firesOn = ({ months, daysOfMonth, weekdays }: Cron, date: LocalDate): boolean =>
  // a cron's week starts with Sunday
  has(months, date.month) && has(daysOfMonth, date.day) && has(weekdays, (weekdayIndex(date) + 1) % 7);

/** Milliseconds after midnight, ascending. */
function timesOfDay({ hours, minutes }: Cron): number[] {
  const all = (values: readonly number[] | undefined, count: number) => values ?? Array.from({ length: count }, (_, n) => n);
  return all(hours, 24).flatMap((hour) => all(minutes, 60).map((minute) => (hour * 60 + minute) * MINUTE_MS));
}

/** The first instant at which clocks of a zone show a local time, which is given as if it were UTC; undefined where they never do. */
function instantOfLocal(local: number, timeZone: string): number | undefined {
  // no zone changes its offset twice in two days, so that one of these two holds
  const offsets = [local - DAY_MS, local + DAY_MS].map((instant) => shownAt(instant, timeZone) - instant);
  const instants = offsets.map((offset) => local - offset).filter((instant) => shownAt(instant, timeZone) === local);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** What clocks of a zone show at an instant, as if it were UTC. */
function shownAt(instant: number, timeZone: string): number {
  const [month, day, year, hour, minute, second] = (formatter(timeZone).format(instant).match(/\d+/g) ?? []).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Locale, calendar and digits are fixed, so that the machine's own settings change nothing: month/day/year, hour:minute:second. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  const made = formatters.get(timeZone);
  if (made) return made;
  const date = { calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  const time = { hourCycle: 'h23', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, ...date, ...time });
  formatters.set(timeZone, format);
  return format;
}
