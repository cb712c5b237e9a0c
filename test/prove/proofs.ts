import { FAULT_PROOF, KILL_POINT_PROOF } from './fault-proof.ts';
import type { Proof } from './proof.ts';

/** Everything that `npm run prove` proves, in this order. */
export const PROOFS: readonly Proof[] = [FAULT_PROOF, KILL_POINT_PROOF];
