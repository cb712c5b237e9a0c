import { batches } from '../domain/store/batches.ts';

/** Requests to the vault at a time: enough to hide its latency for a fleet of thousands, too few to be throttled. */
const AT_A_TIME = 16;

/** Does the work for every item, a handful at a time, and returns the results in order. */
export async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const batch of batches(items, AT_A_TIME)) results.push(...(await Promise.all(batch.map(work))));
  return results;
}
