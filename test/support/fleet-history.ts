import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  artifactKey,
  manifestKey,
  outcomeKey,
  planKey,
  type Run,
  retentionKey,
  runRecordKey,
  tryKey,
} from '../../lib/domain/backup/keys.ts';
import type { RetentionRecord } from '../../lib/domain/retention/retention-record.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { buildRunRecord } from '../../lib/domain/run/run-record.ts';
import { instantOf, type Slot } from '../../lib/domain/time/slot.ts';
import { failedOutcome, manifestOf, minutesAfter, planOf, verifiedOutcome } from './night.ts';

/** Puts objects down as versitygw keeps them, which is as plain files: tens of thousands of requests would take minutes. */
export class PlainVault {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  put(key: string, content: object | string, at: Date): void {
    const file = join(this.#folder, key);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    utimesSync(file, at, at);
  }

  /** What the jobs of a run leave behind: of each source an artifact with its manifest, a try and an outcome; of those that fail, only the outcome. */
  jobs(run: Run, ids: readonly string[], fails: (id: string) => boolean = () => false): void {
    const { slot } = run;
    const at = minutesAfter(slot, 5);
    for (const id of ids) {
      const failed = fails(id);
      this.put(outcomeKey({ ...run, attempt: 1 }, id), failed ? failedOutcome(id, slot, 'auth') : verifiedOutcome(id, slot), at);
      if (!failed) this.#backup(id, slot, at);
    }
  }

  #backup(id: string, slot: Slot, at: Date): void {
    const body = `dump of ${id} at ${slot}`;
    const manifest = manifestOf(id, slot, Buffer.from(body));
    this.put(manifest.key, body, at);
    this.put(manifestKey(manifest.key), manifest, at);
    this.put(tryKey(slot, id, 1), { result: 'receipt', receipt: manifest.receipt }, at);
  }

  /** A whole night that is over, in which all went well and that kept these slots of each source beside its own. */
  night(slot: Slot, sources: Plan['sources'], kept: readonly Slot[]): void {
    const plan = planOf(sources, { slot });
    const ids = sources.map(({ id }) => id);
    const at = minutesAfter(slot, 10);
    this.put(planKey(plan), plan, instantOf(slot));
    this.jobs({ slot }, ids);
    this.put(retentionKey(plan), retentionOf(plan, [slot, ...kept]), at);
    const record = buildRunRecord({
      plan,
      outcomes: ids.map((id) => verifiedOutcome(id, slot)),
      retention: { result: 'done', kept: ids.length * (kept.length + 1), removed: 0, warnings: [] },
      finishedAt: at,
    });
    this.put(runRecordKey(plan), record, at);
  }
}

const retentionOf = ({ slot, sources }: Plan, kept: readonly Slot[]): RetentionRecord => ({
  version: 1,
  slot,
  attempt: 1,
  at: minutesAfter(slot, 9).toISOString(),
  sources: sources.map(({ id }) => ({
    result: 'decided',
    sourceId: id,
    decisions: kept.map((of) => ({
      key: artifactKey({ tier: 'daily', sourceId: id, slot: of, format: 'dump' }),
      tier: 'daily',
      slot: of,
      action: 'keep',
      reasons: [{ code: 'within-age', text: 'younger than 2d' }],
    })),
    sets: [slot],
  })),
});
