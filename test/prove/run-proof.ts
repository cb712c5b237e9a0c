import { CaseNotes, type CaseResult } from '../support/faults/case-result.ts';
import type { Bench } from './proof.ts';

/** How far a proof has come: all cases below `next` are done and counted. */
export interface Progress extends CaseResult {
  readonly next: number;
  readonly seconds: number;
}

/** A case that showed what must not happen. */
export interface Violation {
  readonly index: number;
  readonly what: readonly string[];
}

export interface ProofRun {
  readonly seed: number;
  /** What was done before. */
  readonly before: Progress;
  /** The first case number that is not run any more. */
  readonly until: number;
  /** Asked before each case: false ends the run, when those under way are done. */
  readonly goOn: () => boolean;
  readonly progress: (progress: Progress) => void;
}

export const NOTHING_DONE: Progress = { next: 0, seconds: 0, tally: {}, worst: {}, violations: [] };

/** Runs cases in their order, some at a time, and counts them in that order; the first violation ends it. */
export async function runProof(
  bench: Bench,
  run: ProofRun,
): Promise<{ readonly progress: Progress; readonly violation?: Violation }> {
  const { seed, before, until } = run;
  const notes = new CaseNotes();
  notes.add(before);
  const done = new Map<number, CaseResult>();
  const started = performance.now();
  let [asked, next] = [before.next, before.next];
  let violation: Violation | undefined;
  const now = (): Progress => ({
    next,
    seconds: before.seconds + (performance.now() - started) / 1000,
    tally: notes.tally,
    worst: notes.worst,
    violations: notes.violations,
  });

  const worker = async (): Promise<void> => {
    while (asked < until && violation === undefined && run.goOn()) {
      const index = asked++;
      const result = await bench.run(seed, index);
      if (result.violations.length > 0) violation ??= { index, what: result.violations };
      done.set(index, result);
      for (let ready = done.get(next); ready; ready = done.get(next)) {
        notes.add(ready);
        done.delete(next++);
      }
      run.progress(now());
    }
  };
  await Promise.all(Array.from({ length: bench.parallel }, worker));
  return { progress: now(), ...(violation && { violation }) };
}
