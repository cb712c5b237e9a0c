import { reportLine } from '../../lib/local/setup/report-line.ts';
import { type Spread, spreadOf } from './spread.ts';

interface Contender {
  readonly name: string;
  /** Does it once; seconds. */
  readonly measure: () => Promise<number>;
}

/**
 * Measures two things in turn, and returns how many times as long `over` takes as `under`, pair by pair. Which one begins
 * changes each time, so that a machine that gets slower or faster meanwhile favours neither.
 */
export async function ratios(
  pairs: number,
  { over, under }: { readonly over: Contender; readonly under: Contender },
): Promise<Spread> {
  const found: number[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const seconds = new Map<Contender, number>();
    for (const contender of pair % 2 === 1 ? [over, under] : [under, over]) seconds.set(contender, await contender.measure());
    const [a = Number.NaN, b = Number.NaN] = [seconds.get(over), seconds.get(under)];
    reportLine(`pair ${pair} of ${pairs}: ${over.name} ${a.toFixed(2)} s, ${under.name} ${b.toFixed(2)} s`);
    found.push(a / b);
  }
  return spreadOf(found);
}
