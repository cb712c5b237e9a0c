import { RUNS_PREFIX } from '../backup/keys.ts';

const CLAIM = new RegExp(`^(${RUNS_PREFIX}\\d{4}/\\d{2}/[^/]+)/plan((?:\\.\\d+)?\\.json)$`);
const RECORD = new RegExp(`^${RUNS_PREFIX}\\d{4}/\\d{2}/[^/]+\\.json$`);

/** Tells from the objects under `runs/` which runs may still be alive. */
export class RunsSeen {
  readonly #claims: { readonly key: string; readonly record: string; readonly at: number }[] = [];
  readonly #records = new Set<string>();

  see(key: string, at: number): void {
    const claim = CLAIM.exec(key);
    // the same name without the folder: `<run>/plan.2.json` claims what `<run>.2.json` records
    if (claim) this.#claims.push({ key, record: `${claim[1]}${claim[2]}`, at });
    else if (RECORD.test(key)) this.#records.add(key);
  }

  /** Whether a run's claim has been shown. */
  claimed(claim: string): boolean {
    return this.#claims.some(({ key }) => key === claim);
  }

  /** The claim of another run than `own` that began at `since` or later and has left no record yet. */
  alive(since: number, own: string | undefined): string | undefined {
    return this.#claims.find(({ key, record, at }) => at >= since && key !== own && !this.#records.has(record))?.key;
  }
}
