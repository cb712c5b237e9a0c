import { z } from 'zod';
import type { TryRecord } from '../backup/receipt.ts';
import { RETRY_WAITS_SECONDS } from '../limits.ts';
import { type FailureFacts, factsOf, reasonOf } from '../outcomes.ts';
import { TASK_EXIT } from './task-exit.ts';

/** What a Catch of Step Functions hands over. */
export const StepError = z.strictObject({ Error: z.string(), Cause: z.string().default('') });
export type StepError = z.infer<typeof StepError>;

/** ECS stamps with its own clock; tries of one source are at least 30 s apart. */
const CLOCK_TOLERANCE_MS = 10_000;

const SIGKILL_EXIT = 137;

const MAX_SHOWN = 300;

/** An instant as ECS writes it: milliseconds in a Cause, a text elsewhere. */
const EcsTime = z.union([z.number(), z.string()]).transform((written) => new Date(written).getTime());

/** As much of a stopped task as tells why it stopped. */
const StoppedTask = z.object({
  StopCode: z.string().optional(),
  StoppedReason: z.string().optional(),
  CreatedAt: EcsTime.optional(),
  Containers: z.array(z.object({ ExitCode: z.number().nullish(), Reason: z.string().nullish() })).default([]),
});
type StoppedTask = z.infer<typeof StoppedTask>;

const ThrownByFunction = z.object({ errorMessage: z.string() });

/** Stop codes of a task that somebody or something told to stop. The other two say that it never started, or ended by itself. */
const TOLD_TO_STOP = new Set(['UserInitiated', 'ServiceSchedulerInitiated', 'SpotInterruption', 'TerminationNotice']);

/** Refusals of ECS that will be refused again: rights, names, parameters. What else it says may pass. */
const LASTING_ECS_ERROR = /AccessDenied|ClientException|InvalidParameter|NotFound|Unsupported|Blocked/;

/**
 * Why a job failed, from what Step Functions caught and the newest record that a try of this attempt left.
 *
 * First what a step of ours said itself; then what the task wrote down, unless it is of an earlier try; last, what ECS says
 * of a task that could not write anything.
 */
export function judgeFailure(error: StepError, newest: TryRecord | undefined): FailureFacts {
  const own = reasonOf(error.Error);
  if (own) return factsOf(own, thrownMessage(error.Cause));
  if (['States.Timeout', 'States.HeartbeatTimeout', 'Sandbox.Timedout'].includes(error.Error))
    return factsOf('timeout', `the step was ended by its time limit (${error.Error})`);

  const task = error.Error === 'States.TaskFailed' ? stoppedTask(error.Cause) : undefined;
  if (task && newest?.result === 'failure' && isOf(task, newest.at)) return newest.failure;
  if (task) return judgeStop(task);
  if (/^(Amazon)?ECS\./.test(error.Error))
    return factsOf(
      LASTING_ECS_ERROR.test(error.Error) ? 'internal' : 'interrupted',
      `ECS did not start the task: ${error.Error}`,
    );
  return factsOf('internal', `a step failed with ${error.Error}`);
}

/** Another try, and when, where one can help and is left; `triesBefore` were made before the one that just failed. */
export function decideRetry({ retryable }: FailureFacts, triesBefore: number): { readonly waitSeconds: number } | undefined {
  const waitSeconds = RETRY_WAITS_SECONDS[triesBefore];
  return retryable && waitSeconds !== undefined ? { waitSeconds } : undefined;
}

/** Whether a record written then is of the task that stopped, and not of a try before it. */
function isOf({ CreatedAt, Containers }: StoppedTask, writtenAt: string): boolean {
  if (CreatedAt !== undefined) return Date.parse(writtenAt) >= CreatedAt - CLOCK_TOLERANCE_MS;
  // a task that was killed outright had no time to write
  return Containers.some(({ ExitCode }) => typeof ExitCode === 'number' && ExitCode !== SIGKILL_EXIT);
}

function judgeStop({ StopCode, StoppedReason, Containers }: StoppedTask): FailureFacts {
  const [container] = Containers;
  const exit = container?.ExitCode ?? undefined;
  const facts = [StopCode, StoppedReason, container?.Reason].filter((fact) => fact).join('; ');
  const detail = `${exit === undefined ? 'the task left no exit code' : `the task ended with exit code ${exit}`} and no record: ${shown(facts)}`;

  if (StopCode !== undefined && TOLD_TO_STOP.has(StopCode)) return factsOf('cancelled', detail);
  if (exit === TASK_EXIT.cancelled) return factsOf('cancelled', detail);
  // it wanted another try, and could not even write that down: the vault is what failed it
  if (exit === TASK_EXIT.tryAgain) return factsOf('storage', detail);
  // above 128: ended by a signal, as by the out-of-memory killer
  if (exit === undefined || exit > 128 || StopCode === 'TaskFailedToStart') return factsOf('interrupted', detail);
  return factsOf('internal', detail);
}

function stoppedTask(cause: string): StoppedTask | undefined {
  return StoppedTask.safeParse(parseJson(cause)).data;
}

/** A failure of ours carries facts only, so its message may be shown. */
const thrownMessage = (cause: string): string => ThrownByFunction.safeParse(parseJson(cause)).data?.errorMessage ?? shown(cause);

const shown = (text: string): string =>
  text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text || 'nothing more is known';

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
