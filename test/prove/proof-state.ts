import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { NOTHING_DONE, type Progress } from './run-proof.ts';

const State = z.strictObject({
  next: z.number().int().nonnegative(),
  seconds: z.number(),
  tally: z.record(z.string(), z.number()),
  worst: z.record(z.string(), z.number()),
  violations: z.array(z.string()),
  /** Versions of nightproof that the cases ran on. */
  commits: z.array(z.string()),
});
export type ProofState = Progress & { readonly commits: readonly string[] };

/** How far a proof with a seed has come, in a file that a killed run leaves whole. */
export class ProofStateFile {
  readonly #path: string;

  constructor(folder: string, proof: string, seed: number) {
    this.#path = join(folder, `${proof}-${seed}.json`);
  }

  /** What an earlier run left; nothing done where there is none. */
  read(): ProofState {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch {
      return { ...NOTHING_DONE, commits: [] };
    }
    return State.parse(JSON.parse(text));
  }

  write({ next, seconds, tally, worst, violations, commits }: ProofState): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.new`, JSON.stringify({ next, seconds, tally, worst, violations, commits }));
    renameSync(`${this.#path}.new`, this.#path);
  }
}
