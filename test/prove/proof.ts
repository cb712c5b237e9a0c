import type { Toolchain } from '../../lib/local/setup/toolchain.ts';
import type { CaseResult } from '../support/faults/case-result.ts';

/** Something that is shown by many cases, each of which depends on its seed and number alone. */
export interface Proof {
  readonly name: string;
  /** What the cases show, as a sentence. */
  readonly claim: string;
  /** How many cases the long version has. */
  readonly cases: number;
  /** The figures to quote, of what the cases counted. */
  readonly figures: (done: number, tally: CaseResult['tally']) => Readonly<Record<string, number>>;
  /** What there must be none of; a figure of 0 in the record of a run without violations. */
  readonly never: readonly string[];
  /** What the cases have not shown, though they all went well; empty where nothing is missing. */
  readonly missing: (tally: CaseResult['tally']) => readonly string[];
  readonly open: (toolchain: Toolchain) => Promise<Bench>;
}

/** Where the cases of a proof run. */
export interface Bench {
  /** How many at a time. */
  readonly parallel: number;
  readonly run: (seed: number, index: number) => Promise<CaseResult>;
  readonly close: () => Promise<void>;
}
