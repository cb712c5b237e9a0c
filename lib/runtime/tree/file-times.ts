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
