import { Failure } from '../../lib/domain/outcomes.ts';
import type { Ticker } from '../../lib/runtime/ticker.ts';

/** How often it looks; a stall is noticed at most this much late. */
const LOOK_EVERY_MS = 1_000;

export interface WatchdogProps {
  readonly ticker: Ticker;
  readonly noProgressSeconds: number;
  readonly deadlineSeconds: number;
  readonly stop: (failure: Failure) => void;
}

/** Stops work that stands still or takes too long: a server that goes away without a word would be waited for for ever. */
export class Watchdog {
  readonly #props: WatchdogProps;
  readonly #start: number;
  readonly #end: () => void;
  #progressAt: number;

  constructor(props: WatchdogProps) {
    this.#props = props;
    this.#start = props.ticker.now();
    this.#progressAt = this.#start;
    this.#end = props.ticker.every(LOOK_EVERY_MS, () => this.#look());
  }

  progress(): void {
    this.#progressAt = this.#props.ticker.now();
  }

  end(): void {
    this.#end();
  }

  #look(): void {
    const { ticker, noProgressSeconds, deadlineSeconds, stop } = this.#props;
    const now = ticker.now();
    if (now - this.#progressAt >= noProgressSeconds * 1000) {
      this.end();
      stop(new Failure('timeout', `no byte moved for ${noProgressSeconds} s (limits.noProgress)`));
    } else if (now - this.#start >= deadlineSeconds * 1000) {
      this.end();
      stop(new Failure('timeout', `not done after ${deadlineSeconds} s (limits.deadline)`));
    }
  }
}
