import type { Ticker } from '../../../lib/runtime/ticker.ts';

const HOUR_MS = 3_600_000;

/** The night lies so far back that its leftovers are due, and no run of it can be alive. */
export const NIGHT_AGO_MS = 20 * HOUR_MS;

/** Whoever stands still is noticed as if time went 250 times as fast. */
const LOOK_EVERY_MS = 20;
const FAST_STEP_MS = 5_000;

/** The clocks of a case: the task's wall clock, which can be set, and its ticker, which can run on while nothing moves. */
export class CaseClock {
  #setBy = 0;
  #passed = 0;
  #stalled = false;

  now(): Date {
    return new Date(Date.now() - NIGHT_AGO_MS + this.#setBy);
  }

  /** Sets the wall clock by so much. */
  set(byMs: number): void {
    this.#setBy += byMs;
  }

  /** So much time passes at once, for the ticker as for the wall clock. */
  skip(ms: number): void {
    this.#passed += ms;
    this.#setBy += ms;
  }

  /** From now on time passes fast: something stands still. */
  hurry(): void {
    this.#stalled = true;
  }

  /** Time passes as it does. */
  calm(): void {
    this.#stalled = false;
  }

  get ticker(): Ticker {
    return {
      now: () => performance.now() + this.#passed,
      every: (_, callback) => {
        const timer = setInterval(() => {
          if (this.#stalled) this.#passed += FAST_STEP_MS;
          callback();
        }, LOOK_EVERY_MS);
        return () => clearInterval(timer);
      },
    };
  }
}

/** By how much a clock is set, drawn by a share. */
export function jumpMs(share: number): number {
  const to = (text: string): number => Date.parse(text) - Date.now();
  const jumps = [HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS, to('1970-01-01T00:00:01Z'), to('2038-01-19T03:14:08Z')];
  return jumps[Math.floor(share * jumps.length)] ?? HOUR_MS;
}
