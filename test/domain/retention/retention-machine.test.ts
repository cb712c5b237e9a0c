import { expect, it } from 'vitest';
import { liveThrough } from '../retention-model/live-through.ts';

/** With the other half, in retention-machine-random.test.ts, they are a million: two workers take a minute each. */
const HISTORIES = 500_000;
const TIMEOUT = 1_800_000;

/** What the histories must hold, so that living through them means something: each at least once in so many histories. */
const MET: readonly (readonly [string, number])[] = [
  ['floor-newest-verified', 10],
  ['floor-newest-set', 10],
  ['clock-in-doubt', 10],
  ['listing-in-doubt', 10],
  ['damaged', 10],
  ['forever', 10],
  ['no-rule', 10],
  ['within-age', 1],
  ['within-count', 1],
  ['beyond-age', 10],
  ['beyond-count', 10],
  ['removal-cap', 100],
  ['two planners', 10],
  ['planned again', 1],
  ['one deleted', 10],
  ['half deleted', 100],
  ['begun', 10],
  ['adopted', 100],
  ['swept', 100],
  ['no-manifest', 100],
  ['upload-abandoned', 100],
  ['may-be-in-flight', 10],
  ['run-alive', 1000],
  ['unknown-key', 10],
  ['sweep of a partial listing stopped', 100],
];

it(`keeps the floors, leaves alone what is in flight and gives its reasons, in ${HISTORIES.toLocaleString('en-US')} histories`, {
  timeout: TIMEOUT,
}, () => {
  const seen = liveThrough(HISTORIES, 20260419);
  const rare = MET.filter(([what, one]) => (seen.get(what) ?? 0) < HISTORIES / one);
  expect(rare).toEqual([]);
});
