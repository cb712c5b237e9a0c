import type { DatabaseSource } from '../../lib/domain/config.ts';
import { Failure, type FailureFacts, factsOfThrown } from '../../lib/domain/outcomes.ts';
import { Plan } from '../../lib/domain/plan.ts';
import type { Slot } from '../../lib/domain/slot.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { type DumpDependencies, type DumpResult, dumpDatabase } from './dump-database.ts';
import { TryRecords } from './try-records.ts';

/** Exit codes by which the state machine tells what to do next. 75 is EX_TEMPFAIL; 143 is what a process has that SIGTERM ended. */
const EXIT = { done: 0, failed: 1, tryAgain: 75, cancelled: 143 } as const;

export interface DumpRequest {
  readonly planKey: string;
  readonly sourceId: string;
}

/** Where a task tells what it did, for the log. */
export interface TaskReport {
  started(job: { readonly source: DatabaseSource; readonly slot: Slot }): void;
  done(result: DumpResult): void;
  failed(facts: FailureFacts, thrown: unknown): void;
  /** The failure itself could not be recorded in the vault. */
  unrecorded(thrown: unknown): void;
}

/** Dumps the source that the request names, and leaves a record of it whatever happens. Returns the exit code of the task. */
export async function dumpTask(request: DumpRequest, deps: DumpDependencies, report: TaskReport): Promise<number> {
  let tries: TryRecords | undefined;
  try {
    const job = await jobOf(request, deps.vault);
    tries = new TryRecords(deps.vault, job.slot, job.source.id);
    report.started(job);
    report.done(await dumpDatabase(job, deps));
    return EXIT.done;
  } catch (thrown) {
    const failure = factsOfThrown(thrown, 'dump task');
    report.failed(failure, thrown);
    await tries
      ?.add({ result: 'failure', at: deps.now().toISOString(), failure })
      .catch((error: unknown) => report.unrecorded(error));
    if (failure.reason === 'cancelled') return EXIT.cancelled;
    return failure.retryable ? EXIT.tryAgain : EXIT.failed;
  }
}

async function jobOf({ planKey, sourceId }: DumpRequest, vault: Vault): Promise<{ source: DatabaseSource; slot: Slot }> {
  const plan = await vault.readJson(planKey, Plan);
  if (!plan) throw new Failure('internal', `there is no plan at ${planKey}`);
  const source = plan.sources.find(({ id }) => id === sourceId);
  if (!source) throw new Failure('internal', `${planKey} has no source ${sourceId}`);
  return { source, slot: plan.slot };
}
