import { z } from 'zod';

const UNIT_DAYS = { d: 1, w: 7 } as const;
const UNIT_MONTHS = { mo: 1, y: 12 } as const;

/** How long one tier keeps backups: by age, by number, or for ever. */
export type KeepRule =
  | { readonly by: 'age'; readonly days: number; readonly months: number }
  | { readonly by: 'count'; readonly count: number }
  | { readonly by: 'forever' };

export const KEEP_RULE_FORMS = 'an age ("7d", "4w", "12mo", "5y"), a number of backups (4), or "forever"';

/** Reads a keep rule as people write it; undefined where it is none. Zero is none: to keep nothing, leave the tier out. */
export function parseKeepRule(written: string | number): KeepRule | undefined {
  if (written === 'forever') return { by: 'forever' };
  if (typeof written === 'number') return Number.isInteger(written) && written > 0 ? { by: 'count', count: written } : undefined;

  const [, digits = '', unit = ''] = /^([1-9]\d{0,4})(d|w|mo|y)?$/.exec(written) ?? [];
  const n = Number(digits);
  if (n === 0) return undefined;
  if (unit === '') return { by: 'count', count: n };
  if (unit in UNIT_DAYS) return { by: 'age', days: n * UNIT_DAYS[unit as keyof typeof UNIT_DAYS], months: 0 };
  return { by: 'age', days: 0, months: n * UNIT_MONTHS[unit as keyof typeof UNIT_MONTHS] };
}

/** A keep rule as written in the configuration; parse with `parseKeepRule`. */
export const KeepRuleText = z
  .union([z.string(), z.number()], { error: `must be ${KEEP_RULE_FORMS}` })
  .refine((written) => parseKeepRule(written) !== undefined, { error: `must be ${KEEP_RULE_FORMS}` });

/** A keep rule that is an age, for places that cannot count. */
export const KeepAgeText = z.string().refine((written) => parseKeepRule(written)?.by === 'age', {
  error: 'must be an age ("7d", "4w", "12mo", "5y")',
});
