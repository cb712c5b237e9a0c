import { manifest } from '../../../functions/manifest/manifest.ts';
import { outcome } from '../../../functions/outcome/outcome.ts';
import { verify } from '../../../functions/verify/verify.ts';
import { READ_BACK_LIMIT_BYTES } from '../../../lib/domain/limits.ts';
import { reasonOf } from '../../../lib/domain/outcomes.ts';
import type { StepError } from '../../../lib/domain/run/judge-failure.ts';
import { listArchive } from '../../../lib/runtime/pg-restore-list.ts';
import type { PostgresClient } from '../../../lib/runtime/postgres/clients.ts';
import { readerFor } from '../../../lib/runtime/postgres/reader-for.ts';
import type { Vault } from '../../../lib/runtime/vault.ts';

/** As often as the state machine calls a step again when the store failed it (lib/infra/invoke-step.ts). */
const STEP_CALLS = 5;

/** How a try of the dump task ended, as Step Functions would see it. */
export type TaskEnd = { readonly exitCode: number | null } | 'timed out';

/** How the job of one source ended. */
export interface JobEnd {
  /** Undefined where not even the outcome step could say it. */
  readonly status: 'settled' | 'unsettled';
  readonly tries: number;
}

export interface JobSteps {
  readonly vault: Vault;
  readonly clients: readonly PostgresClient[];
  readonly now: () => Date;
  /** One try of the dump task; counted from 1. */
  readonly dump: (n: number) => Promise<TaskEnd>;
}

/** Runs the states of one source as the night's Map does (lib/infra/job-map.ts), but for promotion and the waits in between. */
export async function runJob(job: { readonly planKey: string; readonly id: string }, steps: JobSteps): Promise<JobEnd> {
  const { vault, now, clients } = steps;
  const functions = {
    verify: verify({
      vault,
      now,
      lister: (major) => listArchive(readerFor(clients, major).pgRestore),
      readBackLimitBytes: READ_BACK_LIMIT_BYTES,
    }),
    manifest: manifest({ vault, now }),
    outcome: outcome({ vault, now }),
  };

  let tries = 0;
  for (;;) {
    const ended = await attempt(job, { ...functions, dump: () => steps.dump(tries + 1) });
    try {
      const settled = await again(() => functions.outcome({ ...job, tries, ...ended }));
      tries = settled.tries;
      if (settled.decision === 'done') return { status: 'settled', tries };
    } catch {
      return { status: 'unsettled', tries: tries + 1 };
    }
  }
}

interface Functions {
  readonly dump: () => Promise<TaskEnd>;
  readonly verify: ReturnType<typeof verify>;
  readonly manifest: ReturnType<typeof manifest>;
}

/** Dump, verify, manifest, up to the first that fails. */
async function attempt(
  job: { readonly planKey: string; readonly id: string },
  { dump, verify: verifyStep, manifest: manifestStep }: Functions,
): Promise<{ readonly manifestKey: string } | { readonly error: StepError }> {
  const end = await dump();
  if (end === 'timed out') return { error: { Error: 'States.Timeout', Cause: '' } };
  if (end.exitCode !== 0) return { error: stoppedTask(end.exitCode) };
  try {
    const verification = await again(() => verifyStep(job));
    return await again(() => manifestStep({ ...job, verification }));
  } catch (error) {
    return { error: thrownBy(error) };
  }
}

async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await call();
    } catch (error) {
      if (n === STEP_CALLS || !(error instanceof Error) || reasonOf(error.name) !== 'storage') throw error;
    }
  }
}

const stoppedTask = (exitCode: number | null): StepError => ({
  Error: 'States.TaskFailed',
  Cause: JSON.stringify({ StopCode: 'EssentialContainerExited', Containers: [{ ExitCode: exitCode ?? 137 }] }),
});

const thrownBy = (thrown: unknown): StepError =>
  thrown instanceof Error
    ? { Error: thrown.name, Cause: JSON.stringify({ errorType: thrown.name, errorMessage: thrown.message }) }
    : { Error: 'Error', Cause: '' };
