import fc from 'fast-check';
import { live } from './history.ts';

/** Two bytes of keep rules, and four to sixteen events. */
const history = fc.uint8Array({ minLength: 10, maxLength: 34 });

/**
 * Lives through so many random histories, and says how often each danger and each safeguard was met in them. Throws with the
 * shortest history that breaks something, event by event, and with the seed that repeats it.
 */
export function liveThrough(histories: number, seed: number): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  const outcome = fc.check(
    fc.property(history, (bytes) => live(bytes, seen)),
    { numRuns: histories, seed },
  );
  if (!outcome.failed) return seen;
  const trace: string[] = [];
  const [bytes] = outcome.counterexample ?? [new Uint8Array()];
  throw new Error(`seed ${seed}, history [${bytes.join()}]: ${failureOf(bytes, trace)}\n${trace.join('\n')}`);
}

function failureOf(bytes: Uint8Array, trace: string[]): string {
  try {
    live(bytes, new Map(), trace);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'holds when lived through again';
}
