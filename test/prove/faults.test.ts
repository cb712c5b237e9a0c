import { afterAll, beforeAll, expect, it } from 'vitest';
import { FAULT_KINDS } from '../support/faults/fault-kinds.ts';
import { Lanes } from '../support/faults/lanes.ts';
import { toolchain } from '../support/toolchain.ts';
import { NOTHING_DONE, type Progress, runProof } from './run-proof.ts';

/** The first cases of this seed inflict some 300 faults, and among them every kind: chosen so, and held below. */
const SEED = 466;
const CASES = 180;

let lanes: Lanes;
let progress: Progress;

beforeAll(async () => {
  lanes = await Lanes.open(await toolchain(), 2);
  const bench = { parallel: lanes.count, run: (seed: number, index: number) => lanes.run('faults', seed, index) };
  const run = { seed: SEED, before: NOTHING_DONE, until: CASES, goOn: () => true, progress: () => undefined };
  ({ progress } = await runProof({ ...bench, close: async () => undefined }, run));
});
afterAll(() => lanes?.close());

const firedOf = (kind: string): number => progress.tally[`fired: ${kind}`] ?? 0;

it('calls no backup good that does not restore identically, whatever happens to the night, and one sweep leaves nothing open', () => {
  expect(progress.violations).toEqual([]);
  expect(progress.next).toBe(CASES);
  expect(progress.tally['restored and compared']).toBeGreaterThan(CASES / 2);
});

it('calls no fault from outside a failure of nightproof itself', () => {
  expect(Object.keys(progress.tally).filter((what) => what.includes('internal, dump task'))).toEqual([]);
});

it('has seen at least 300 faults fire', () => {
  expect(FAULT_KINDS.reduce((sum, kind) => sum + firedOf(kind), 0)).toBeGreaterThanOrEqual(300);
});

it.for(FAULT_KINDS)('has seen %s fire', (kind, { skip }) => {
  skip(kind === 'disk-full' && lanes.noSmallDisk, 'only root may mount the small disk that this takes');
  expect(firedOf(kind)).toBeGreaterThan(0);
});
