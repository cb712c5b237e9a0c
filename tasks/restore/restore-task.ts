import { restoreItemKey, restorePlanKey } from '../../lib/domain/backup/operation-keys.ts';
import { Failure, type FailureFacts, factsOfThrown } from '../../lib/domain/outcomes.ts';
import { type RestoreItem, RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import { RestoreItemRecord } from '../../lib/domain/restore/restore-record.ts';
import { TASK_EXIT } from '../../lib/domain/run/task-exit.ts';
import type { Ticker } from '../../lib/runtime/ticker.ts';
import { confirmDamage } from './confirm-damage.ts';
import type { ItemDependencies, RestoredItem } from './item.ts';
import { ProgressRecords } from './progress-records.ts';
import { restoreItem } from './restore-item.ts';

export interface RestoreTaskRequest {
  /** Of the execution, and so of its plan. */
  readonly name: string;
  /** Which item of the plan. */
  readonly item: number;
}

export interface RestoreTaskDependencies extends Omit<ItemDependencies, 'observer' | 'elapsed' | 'decrypt'> {
  readonly ticker: Ticker;
  readonly now: () => Date;
}

/** Where the task tells what it did, for the log. */
export interface RestoreTaskReport {
  started(item: RestoreItem): void;
  phase(phase: string): void;
  done(restored: RestoredItem): void;
  failed(facts: FailureFacts, thrown: unknown): void;
  /** What became of it could not be recorded in the vault. */
  unrecorded(thrown: unknown): void;
}

/**
 * Restores one item of a plan, and leaves a record of it whatever happens. Returns the exit code of the task. An item that has a
 * record already is not restored again.
 */
export async function restoreTask(
  request: RestoreTaskRequest,
  deps: RestoreTaskDependencies,
  report: RestoreTaskReport,
): Promise<number> {
  const { name, item: n } = request;
  try {
    const plan = await deps.vault.readJson(restorePlanKey(name), RestorePlan);
    const item = plan?.items.find((candidate) => candidate.n === n);
    if (!plan || !item) throw new Failure('internal', `${restorePlanKey(name)} has no item ${n}`);
    const earlier = await deps.vault.readJson(restoreItemKey(name, n), RestoreItemRecord);
    if (earlier) return exitOf(earlier);
    report.started(item);
    return await restoreAndRecord(plan, item, deps, report);
  } catch (thrown) {
    const failure = factsOfThrown(thrown, 'restore task');
    report.failed(failure, thrown);
    return TASK_EXIT.failed;
  }
}

async function restoreAndRecord(
  plan: RestorePlan,
  item: RestoreItem,
  deps: RestoreTaskDependencies,
  report: RestoreTaskReport,
): Promise<number> {
  const { vault, now } = deps;
  const record = await outcomeOf(plan, item, deps, report);
  if (record.result === 'failed' && record.failure.reason === 'damaged' && record.phase === 'verify')
    await confirmDamage(item.key, deps).catch((error: unknown) => report.unrecorded(error));
  const document: RestoreItemRecord = { version: 1, at: now().toISOString(), item, ...record };
  try {
    await vault.putOnce(restoreItemKey(plan.name, item.n), document);
  } catch (error) {
    report.unrecorded(error);
    return TASK_EXIT.failed;
  }
  return exitOf(document);
}

type Outcome = RestoreItemRecord extends infer R
  ? R extends RestoreItemRecord
    ? Omit<R, 'version' | 'at' | 'item'>
    : never
  : never;

async function outcomeOf(
  plan: RestorePlan,
  item: RestoreItem,
  deps: RestoreTaskDependencies,
  report: RestoreTaskReport,
): Promise<Outcome> {
  const { vault, ticker, now } = deps;
  const progress = new ProgressRecords({ vault, name: plan.name, item: item.n, ticker, now });
  let left: string | undefined;
  const observer: ItemDependencies['observer'] = {
    phase(phase) {
      progress.phase(phase);
      report.phase(phase);
    },
    tables: (total) => progress.tables(total),
    moved: (...moved) => progress.moved(...moved),
    left(what) {
      left = what;
    },
  };
  try {
    const restored = await restoreItem(plan, item, { ...deps, elapsed: () => ticker.now(), observer });
    report.done(restored);
    return { result: 'restored', ...restored };
  } catch (thrown) {
    const failure = factsOfThrown(deps.signal.aborted ? deps.signal.reason : thrown, 'restore task');
    report.failed(failure, thrown);
    return { result: 'failed', phase: progress.reached, failure, ...(left !== undefined && { left }) };
  } finally {
    await progress.end();
  }
}

/** A restore is never made again by itself: whoever asked for it decides. */
function exitOf(record: RestoreItemRecord): number {
  if (record.result === 'restored') return TASK_EXIT.done;
  return record.failure.reason === 'cancelled' ? TASK_EXIT.cancelled : TASK_EXIT.failed;
}
