import { hostileArchives } from '../support/hostile-archives.ts';
import { objectClasses } from '../support/object-classes.ts';
import { DAMAGE_PROOF, INTACT_PROOF, REFUSAL_PROOF } from './damage-proof.ts';
import { DRILL_PROOF } from './drill-proof.ts';
import { FAULT_PROOF, KILL_POINT_PROOF } from './fault-proof.ts';
import type { Proof } from './proof.ts';
import { testFileProof } from './test-file-proof.ts';

const HOSTILE_ARCHIVE_PROOF = testFileProof({
  name: 'hostile-archives',
  claim: 'No archive, whatever is in it, writes outside of the place that it is restored to, makes a device or lends rights.',
  files: ['test/runtime/tree/hostile-archives.test.ts'],
  figures: { archives: hostileArchives('/guard').length },
});

const NEWEST_MAJOR = 18;

const ROUND_TRIP_PROOF = testFileProof({
  name: 'round-trips',
  claim:
    'What is dumped, restored and dumped again is the same, for objects of every class that PostgreSQL knows and each major at hand.',
  files: ['test/runtime/restore/round-trip.test.ts'],
  figures: { 'classes of objects': objectClasses(NEWEST_MAJOR).length },
});

/** Everything that `npm run prove` proves, in this order. */
export const PROOFS: readonly Proof[] = [
  FAULT_PROOF,
  KILL_POINT_PROOF,
  DAMAGE_PROOF,
  REFUSAL_PROOF,
  INTACT_PROOF,
  DRILL_PROOF,
  HOSTILE_ARCHIVE_PROOF,
  ROUND_TRIP_PROOF,
];
