import { z } from 'zod';

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds in a duration as people write it ("90s", "15m", "4h", "1d"); undefined where it is none. */
export function parseDuration(written: string): number | undefined {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,6})(s|m|h|d)$/.exec(written) ?? [];
  return unit === '' ? undefined : Number(digits) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
}

const DURATION_FORMS = 'must be a duration: a number and s, m, h or d, as "15m"';

export const DurationText = z
  .string({ error: DURATION_FORMS })
  .refine((written) => parseDuration(written) !== undefined, { error: DURATION_FORMS });

/** A stretch of time for people: `45 s`, `3 min 05 s`, `1 h 02 min`. */
export function showDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return seconds < 10 ? `${seconds.toFixed(1)} s` : `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const pad = (n: number): string => String(n).padStart(2, '0');
  return minutes < 60 ? `${minutes} min ${pad(whole % 60)} s` : `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}
