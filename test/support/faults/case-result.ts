/** What came of one case of a proof, as plain data. */
export interface CaseResult {
  /** How often what happened, by names that the proof chooses. */
  readonly tally: Readonly<Record<string, number>>;
  /** The largest of what was measured. */
  readonly worst: Readonly<Record<string, number>>;
  /** What must never happen, and did. */
  readonly violations: readonly string[];
}

/** Gathers what came of a case while it runs. */
export class CaseNotes implements CaseResult {
  readonly tally: Record<string, number> = {};
  readonly worst: Record<string, number> = {};
  readonly violations: string[] = [];

  count(what: string, times = 1): void {
    this.tally[what] = (this.tally[what] ?? 0) + times;
  }

  measure(what: string, value: number): void {
    this.worst[what] = Math.max(this.worst[what] ?? 0, value);
  }

  violate(what: string): void {
    this.violations.push(what);
  }

  add(other: CaseResult): void {
    for (const [what, times] of Object.entries(other.tally)) this.count(what, times);
    for (const [what, value] of Object.entries(other.worst)) this.measure(what, value);
    this.violations.push(...other.violations);
  }
}
