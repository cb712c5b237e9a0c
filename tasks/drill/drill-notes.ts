import { DRILL_PHASES, type DrillEvidence, type DrillPhase } from '../../lib/domain/drill/evidence.ts';

/** How many entries, differences or warnings evidence names. */
const NAMED = 100;

type Noted = Pick<DrillEvidence, 'seconds' | 'compared' | 'skipped' | 'probes' | 'warnings'> & Pick<DrillEvidence, 'server'>;

/** What a drill has found out so far, so that evidence tells it also where the drill fails later. */
export class DrillNotes {
  phase: DrillPhase = DRILL_PHASES[0];
  server: DrillEvidence['server'];
  compared: DrillEvidence['compared'] = { tables: 0, rows: 0, files: 0, bytes: 0 };
  probes: DrillEvidence['probes'] = [];
  differences: Extract<DrillEvidence, { result: 'failed' }>['differences'] = [];
  readonly #seconds: DrillEvidence['seconds'] = {};
  readonly #skipped: string[] = [];
  readonly #warnings: string[] = [];
  readonly #now: () => number;
  readonly #entered: (phase: DrillPhase) => void;

  /** `now`: milliseconds from any start. `entered`: called when a phase begins, maybe more than once. */
  constructor(now: () => number, entered: (phase: DrillPhase) => void = () => undefined) {
    this.#now = now;
    this.#entered = entered;
  }

  /** Does the work of a phase, which is the one that failed where it throws. */
  async during<T>(phase: DrillPhase, work: () => Promise<T>): Promise<T> {
    this.phase = phase;
    this.#entered(phase);
    const start = this.#now();
    try {
      return await work();
    } finally {
      this.#seconds[phase] = (this.#seconds[phase] ?? 0) + Math.round(this.#now() - start) / 1000;
    }
  }

  skip(entries: readonly string[]): void {
    this.#skipped.push(...entries);
  }

  warn(warnings: readonly string[]): void {
    this.#warnings.push(...warnings);
  }

  noted(): Noted {
    return {
      seconds: this.#seconds,
      ...(this.server && { server: this.server }),
      compared: this.compared,
      skipped: named(this.#skipped),
      probes: this.probes,
      warnings: named(this.#warnings),
    };
  }

  namedDifferences(): DrillNotes['differences'] {
    return this.differences.slice(0, NAMED);
  }
}

const named = (all: readonly string[]): string[] =>
  all.length <= NAMED ? [...all] : [...all.slice(0, NAMED), `and ${all.length - NAMED} more`];
