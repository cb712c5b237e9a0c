import { Failure, type FailureFacts, factsOfThrown } from '../../lib/domain/outcomes.ts';
import { TASK_EXIT } from '../../lib/domain/run/task-exit.ts';
import { readJob } from '../../lib/runtime/run-documents.ts';
import { TryRecords } from '../../lib/runtime/try-records.ts';
import { backUp } from './back-up.ts';
import type { DumpDependencies, DumpJob, DumpResult } from './dump-job.ts';

export interface DumpRequest {
  readonly planKey: string;
  readonly sourceId: string;
}

/** Where a task tells what it did, for the log. */
export interface TaskReport {
  started(job: DumpJob): void;
  done(result: DumpResult): void;
  failed(facts: FailureFacts, thrown: unknown): void;
  /** The failure itself could not be recorded in the vault. */
  unrecorded(thrown: unknown): void;
}

/** Backs up the source that the request names, and leaves a record of it whatever happens. Returns the exit code of the task. */
export async function dumpTask(request: DumpRequest, deps: DumpDependencies, report: TaskReport): Promise<number> {
  let tries: TryRecords | undefined;
  try {
    const { plan, source } = await readJob(deps.vault, { planKey: request.planKey, id: request.sourceId });
    const job: DumpJob = { source, slot: plan.slot };
    tries = new TryRecords(deps.vault, job.slot, job.source.id);
    report.started(job);
    report.done(await backUp(job, deps));
    return TASK_EXIT.done;
  } catch (thrown) {
    const failure = factsOfThrown(fullDisk(thrown) ?? thrown, 'dump task');
    report.failed(failure, thrown);
    const recorded = await tries?.add({ result: 'failure', at: deps.now().toISOString(), failure }).then(
      () => true,
      (error: unknown) => {
        report.unrecorded(error);
        return false;
      },
    );
    if (failure.reason === 'cancelled') return TASK_EXIT.cancelled;
    // a reason that nobody can read helps nobody: the next try may be able to write it down
    return failure.retryable || recorded === false ? TASK_EXIT.tryAgain : TASK_EXIT.failed;
  }
}

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The failure behind a file that could not be written: lists of members and parts of very large uploads lie on the task's disk. */
function fullDisk(thrown: unknown): Failure | undefined {
  if (!(thrown instanceof Error) || thrown instanceof Failure || !('code' in thrown) || !FULL.has(thrown.code)) return undefined;
  return new Failure('space', `the disk of the dump task takes no more (${String(thrown.code)})`, { cause: thrown });
}
