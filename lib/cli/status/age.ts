const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Up to which age (in seconds) which unit is used: hours until two days are over, since a night is judged by them. */
const UNITS: readonly (readonly [below: number, unit: number, name: string])[] = [
  [HOUR, MINUTE, 'min'],
  [48 * HOUR, HOUR, 'h'],
  [60 * DAY, DAY, 'd'],
  [730 * DAY, 30 * DAY, 'mo'],
  [Number.POSITIVE_INFINITY, 365 * DAY, 'y'],
];

/** How long ago something was, for people: `12 min`, `26 h`, `9 d`, `5 mo`. Rounded down, so `26 h` is never less. */
export function showAge(seconds: number): string {
  if (seconds < 0) return 'ahead';
  const [, unit, name] = UNITS.find(([below]) => seconds < below) as (typeof UNITS)[number];
  return `${Math.floor(seconds / unit)} ${name}`;
}
