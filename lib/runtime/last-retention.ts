import type { RetentionRecord } from '../domain/retention/retention-record.ts';
import type { PlanName } from '../domain/run/plan-name.ts';
import type { Slot } from '../domain/time/slot.ts';
import { pastRuns } from './past-runs.ts';
import type { Vault } from './vault.ts';

/** What the last record of a plan knew of a source. */
export interface Remembered {
  /** Keys of artifacts that it decided to keep. */
  readonly kept: readonly string[];
  /** Slots of the sets that it protected. */
  readonly sets: readonly Slot[];
}

const RETENTION_DOCUMENT = /\/retention(?:\.\d+)?\.json$/;

export interface RecordQuestion {
  readonly plan: PlanName;
  readonly upTo: Slot;
  /** A run does not go by its own record. */
  readonly except?: Slot;
  /** Reads a record; undefined where it is none. */
  readonly read: (key: string) => Promise<RetentionRecord | undefined>;
}

/** What the newest retention record of a plan remembers, by source. */
export async function lastRecord(
  vault: Vault,
  { plan, upTo, except, read }: RecordQuestion,
): Promise<ReadonlyMap<string, Remembered>> {
  for await (const run of pastRuns(vault, plan, upTo)) {
    if (run.slot === except) continue;
    const key = run.keys.filter((one) => RETENTION_DOCUMENT.test(one)).at(-1);
    const record = key === undefined ? undefined : await read(key);
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
