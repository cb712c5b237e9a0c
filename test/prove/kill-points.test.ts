import { afterAll, beforeAll, expect, it } from 'vitest';
import { Lanes } from '../support/faults/lanes.ts';
import { toolchain } from '../support/toolchain.ts';
import { NOTHING_DONE, type Progress, runProof } from './run-proof.ts';

/** The first points are the systematic ones: each request of a small dump before, in and after the store, each 256 KiB of a stream. */
const POINTS = 150;

let lanes: Lanes;
let progress: Progress;

beforeAll(async () => {
  lanes = await Lanes.open(await toolchain(), 2);
  const bench = { parallel: lanes.count, run: (seed: number, index: number) => lanes.run('kill-points', seed, index) };
  const run = { seed: 1, before: NOTHING_DONE, until: POINTS, goOn: () => true, progress: () => undefined };
  ({ progress } = await runProof({ ...bench, close: async () => undefined }, run));
});
afterAll(() => lanes?.close());

it('publishes nothing partial wherever the task is killed, and one sweep leaves no upload open', () => {
  expect(progress.violations).toEqual([]);
  expect(progress.next).toBe(POINTS);
});

it('has met the points that it meant to meet', () => {
  const met = (how: string): number => progress.tally[`fired: ${how}`] ?? 0;
  expect(met('killed at a request')).toBeGreaterThan(60);
  expect(met('killed in the stream')).toBeGreaterThan(40);
  expect(met('told to stop')).toBeGreaterThan(20);
  expect(met('swept beside')).toBeGreaterThan(5);
});

it('ends within ten seconds when it is told to stop', () => {
  expect(progress.worst['ms from SIGTERM to the end']).toBeLessThan(10_000);
});
