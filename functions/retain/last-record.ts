import { RetentionRecord } from '../../lib/domain/retention/retention-record.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { NIGHTLY } from '../../lib/domain/run/plan-name.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import { pastRuns } from '../../lib/runtime/past-runs.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

/** What the last record of a plan knew of a source. */
export interface Remembered {
  /** Keys of artifacts that it decided to keep. */
  readonly kept: readonly string[];
  /** Slots of the sets that it protected. */
  readonly sets: readonly Slot[];
}

const RETENTION_DOCUMENT = /\/retention(?:\.\d+)?\.json$/;

/** What the newest retention record before this run remembers, by source. */
export async function lastRecord(vault: Vault, { plan = NIGHTLY, slot }: Plan): Promise<ReadonlyMap<string, Remembered>> {
  for await (const run of pastRuns(vault, plan, slot)) {
    if (run.slot === slot) continue;
    const key = run.keys.filter((one) => RETENTION_DOCUMENT.test(one)).at(-1);
    const record = key === undefined ? undefined : await vault.readJson(key, RetentionRecord);
    if (record) return remembered(record);
  }
  return new Map();
}

const remembered = ({ sources }: RetentionRecord): ReadonlyMap<string, Remembered> =>
  new Map(
    sources.flatMap((source) => {
      if (source.result !== 'decided') return [];
      const kept = source.decisions.filter(({ action }) => action === 'keep').map(({ key }) => key);
      return [[source.sourceId, { kept, sets: source.sets ?? [] }] as const];
    }),
  );
