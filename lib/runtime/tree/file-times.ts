const NANOSECONDS = 1_000_000_000n;

/** A time of a file as a tar stream writes it: seconds, with a fraction where there is one. */
export function secondsOf(nanoseconds: bigint): string {
  const negative = nanoseconds < 0n;
  const size = negative ? -nanoseconds : nanoseconds;
  const fraction = String(size % NANOSECONDS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${negative ? '-' : ''}${size / NANOSECONDS}${fraction ? `.${fraction}` : ''}`;
}

/** A time of a tar stream as Node's calls take it: exact to a microsecond; before 1970, which as a number Node takes for now, to a millisecond. */
export function fileTime(seconds: string): number | Date {
  const time = Number(seconds);
  return time < 0 ? new Date(Math.round(time * 1000)) : time;
}
