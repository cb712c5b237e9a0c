import type { KeepRule } from './keep-rule.ts';

const DAY_MS = 86_400_000;

type AgeRule = Extract<KeepRule, { by: 'age' }>;

/** The instant before which a rule by age keeps nothing. A month back from the 31st is the last day of a shorter month. */
export function cutoff(rule: AgeRule, now: Date): Date {
  const months = new Date(now);
  months.setUTCDate(1);
  months.setUTCMonth(months.getUTCMonth() - rule.months);
  const lastDay = new Date(Date.UTC(months.getUTCFullYear(), months.getUTCMonth() + 1, 0)).getUTCDate();
  months.setUTCDate(Math.min(now.getUTCDate(), lastDay));
  return new Date(months.getTime() - rule.days * DAY_MS);
}

/** `7 days`, `12 months` */
export const showAge = (rule: AgeRule): string => (rule.months > 0 ? plural(rule.months, 'month') : plural(rule.days, 'day'));

const plural = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;
