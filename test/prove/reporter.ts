import { reportLine } from '../../lib/local/setup/report-line.ts';
import type { Progress } from './run-proof.ts';

const EVERY_MS = 10_000;

/** Tells how far a proof is, for whoever looks at it at 3 a.m.: cases, rate, time left, and that nothing was violated. */
export class Reporter {
  readonly #name: string;
  readonly #until: number;
  readonly #before: Progress;
  #toldAt: number | undefined;

  constructor(name: string, until: number, before: Progress) {
    this.#name = name;
    this.#until = until;
    this.#before = before;
    reportLine(`${name}: cases ${before.next} to ${until - 1}; setting up`);
  }

  /** Returns whether it was time to tell something. */
  tell(progress: Progress): boolean {
    // not at once: setting up took its time
    this.#toldAt ??= performance.now();
    if (performance.now() - this.#toldAt < EVERY_MS) return false;
    this.#toldAt = performance.now();
    reportLine(this.#line(progress));
    return true;
  }

  end(progress: Progress): void {
    const state = progress.next >= this.#until ? 'done' : 'ended early, --resume goes on';
    reportLine(`${this.#line(progress)}; ${state}`);
  }

  #line({ next, seconds, violations }: Progress): string {
    const rate = (next - this.#before.next) / Math.max(1, seconds - this.#before.seconds);
    const left = rate > 0 ? `, ${duration((this.#until - next) / rate)} left` : '';
    const bad = violations.length === 0 ? 'nothing violated' : `${violations.length} VIOLATIONS`;
    return `${this.#name}: ${next} of ${this.#until}, ${rate.toFixed(1)}/s${left}, ${bad}`;
  }
}

function duration(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
