import type { CaseResult } from '../support/faults/case-result.ts';
import { FAULT_KINDS } from '../support/faults/fault-kinds.ts';
import { Lanes, type LaneWork } from '../support/faults/lanes.ts';
import type { Proof } from './proof.ts';

/** Three keep two cores busy: a lane waits for locks, for silence, and for the programs and servers that it started. */
const LANES = 3;

const fired = (tally: CaseResult['tally']): number =>
  Object.entries(tally).reduce((sum, [what, times]) => (what.startsWith('fired: ') ? sum + times : sum), 0);

const inLanes =
  (what: LaneWork): Proof['open'] =>
  async (toolchain) => {
    const lanes = await Lanes.open(toolchain, LANES);
    return { parallel: LANES, run: (seed, index) => lanes.run(what, seed, index), close: () => lanes.close() };
  };

const neverFired = (kinds: readonly string[]) => (tally: CaseResult['tally']) =>
  kinds.filter((kind) => !tally[`fired: ${kind}`]).map((kind) => `${kind} never fired`);

/** Nights to which something was done. A case has one to three faults, and not each of them is met. */
export const FAULT_PROOF: Proof = {
  name: 'faults',
  claim:
    'No backup is called good that does not restore identically, and one sweep leaves no upload open, whatever happens to the night.',
  cases: 6_500,
  figures: (nights, tally) => ({
    'faults that fired': fired(tally),
    nights,
    'backups called good, each restored and compared with its source': tally['restored and compared'] ?? 0,
  }),
  never: ['backups called good that differ from their source', 'uploads open after one sweep', 'objects overwritten'],
  missing: neverFired(FAULT_KINDS),
  open: inLanes('faults'),
};

const KILL_KINDS = ['killed at a request', 'killed in the stream', 'told to stop', 'swept beside'];

export const KILL_POINT_PROOF: Proof = {
  name: 'kill-points',
  claim:
    'Wherever the dump task is killed, nothing partial is published, and one sweep clears what it left; a sweep takes nothing that is alive.',
  // some points lie behind the end of a dump that is shorter than others, and so are not met
  cases: 5_050,
  figures: (points, tally) => ({
    points,
    'points that were met': fired(tally),
  }),
  never: ['partial objects published', 'uploads open after one sweep', 'live uploads aborted by a sweep'],
  missing: neverFired(KILL_KINDS),
  open: inLanes('kill-points'),
};
