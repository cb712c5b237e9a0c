import { hostileArchives } from '../support/hostile-archives.ts';
import { DAMAGE_PROOF, INTACT_PROOF } from './damage-proof.ts';
import { FAULT_PROOF, KILL_POINT_PROOF } from './fault-proof.ts';
import type { Proof } from './proof.ts';
import { testFileProof } from './test-file-proof.ts';

const HOSTILE_ARCHIVE_PROOF = testFileProof({
  name: 'hostile-archives',
  claim: 'No archive, whatever is in it, writes outside of the place that it is restored to, makes a device or lends rights.',
  files: ['test/runtime/tree/hostile-archives.test.ts'],
  figures: { archives: hostileArchives('/guard').length },
});

/** Everything that `npm run prove` proves, in this order. */
export const PROOFS: readonly Proof[] = [FAULT_PROOF, KILL_POINT_PROOF, DAMAGE_PROOF, INTACT_PROOF, HOSTILE_ARCHIVE_PROOF];
