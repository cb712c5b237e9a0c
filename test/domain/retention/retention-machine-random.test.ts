import { expect, it } from 'vitest';
import { liveThrough } from '../retention-model/live-through.ts';

const TIMEOUT = 1_800_000;

/** Another one at each run. The name of the test shows it, so that a history which breaks something can be lived through again. */
const seed = Date.now() % 2 ** 31;

it.each([
  [400_000, 20261120],
  [100_000, seed],
])(
  'keeps the floors and leaves alone what is in flight, in %d histories from seed %d',
  { timeout: TIMEOUT },
  (histories, from) => {
    expect(liveThrough(histories, from).get('floor-newest-verified')).toBeGreaterThan(histories / 10);
  },
);
