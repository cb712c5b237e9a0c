import { reportLine } from '../../lib/local/setup/report-line.ts';
import { busySeconds } from './machine-facts.ts';
import { type Spread, spreadOf } from './spread.ts';

interface Contender {
  readonly name: string;
  /** Does it once; seconds. */
  readonly measure: () => Promise<number>;
}

/** What pairs of measurements tell. */
export interface Compared extends Spread {
  /** Work of all cores and all programs during one measurement, and how long one took: medians, in seconds. */
  readonly over: Effort;
  readonly under: Effort;
}

export interface Effort {
  readonly busy: number;
  readonly seconds: number;
}

/**
 * Measures two things in turn, and returns how many times as long `over` takes as `under`, pair by pair. Which one begins
 * changes each time, so that a machine that gets slower or faster meanwhile favours neither.
 */
export async function ratios(
  pairs: number,
  { over, under }: { readonly over: Contender; readonly under: Contender },
): Promise<Compared> {
  const found: number[] = [];
  const efforts = new Map<Contender, Effort[]>([
    [over, []],
    [under, []],
  ]);
  for (let pair = 1; pair <= pairs; pair++) {
    const seconds = new Map<Contender, number>();
    for (const contender of pair % 2 === 1 ? [over, under] : [under, over]) {
      const before = busySeconds();
      const took = await contender.measure();
      seconds.set(contender, took);
      efforts.get(contender)?.push({ busy: busySeconds() - before, seconds: took });
    }
    const [a = Number.NaN, b = Number.NaN] = [seconds.get(over), seconds.get(under)];
    reportLine(`pair ${pair} of ${pairs}: ${over.name} ${a.toFixed(2)} s, ${under.name} ${b.toFixed(2)} s`);
    found.push(a / b);
  }
  return { ...spreadOf(found), over: middleOf(efforts.get(over)), under: middleOf(efforts.get(under)) };
}

const middleOf = (efforts: readonly Effort[] = []): Effort => ({
  busy: spreadOf(efforts.map(({ busy }) => busy)).median,
  seconds: spreadOf(efforts.map(({ seconds }) => seconds)).median,
});
