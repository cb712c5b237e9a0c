import type { KeepRule } from './keep-rule.ts';

const DAY_MS = 86_400_000;

type AgeRule = Extract<KeepRule, { by: 'age' }>;

/**
 * The instant before which a rule by age keeps nothing. A month back from the 31st is the end of a shorter month, so that the
 * cutoff never goes back while time goes on.
 */
export const cutoff = (rule: AgeRule, now: Date): Date => shifted(now, rule, -1);

/** The last instant at which a rule by age keeps what stands for `instant`: the inverse of `cutoff`. */
export const keptUntil = (rule: AgeRule, instant: Date): Date => shifted(instant, rule, 1);

function shifted(instant: Date, { days, months }: AgeRule, direction: 1 | -1): Date {
  const monthsOff = months === 0 ? instant : shiftedMonths(instant, direction * months);
  return new Date(monthsOff.getTime() + direction * days * DAY_MS);
}

function shiftedMonths(instant: Date, months: number): Date {
  // the day before the first of the month after; not Date.UTC, which takes the years 0 to 99 for 1900 to 1999
  const end = new Date(0);
  end.setUTCFullYear(instant.getUTCFullYear(), instant.getUTCMonth() + months + 1, 0);
  end.setUTCHours(23, 59, 59, 999);
  if (instant.getUTCDate() > end.getUTCDate()) return end;

  const shifted = new Date(instant);
  shifted.setUTCFullYear(end.getUTCFullYear(), end.getUTCMonth(), instant.getUTCDate());
  return shifted;
}

/** `7 days`, `12 months`, `5 years` */
export function showAge({ days, months }: AgeRule): string {
  if (months === 0) return plural(days, 'day');
  return months > 12 && months % 12 === 0 ? plural(months / 12, 'year') : plural(months, 'month');
}

const plural = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;
