import type { z } from 'zod';
import { REASONS, reasonOf } from '../../domain/outcomes.ts';
import { PlanResult } from '../../domain/run/plan.ts';
import type { RunRecord } from '../../domain/run/run-record.ts';
import { messageIn } from '../place/execution-cause.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { planFlag } from './run-name.ts';
import type { RunView } from './run-view.ts';
import type { RunEnd } from './watch-run.ts';

const NotClaimed = PlanResult.options[1];

/** The exit code that a record stands for: only a night of which every source is verified is done. */
export const exitOf = ({ sources, failure }: RunRecord): ExitCode =>
  failure || sources.some(({ status }) => status === 'failed') ? EXIT.unverified : EXIT.done;

/** Whether the plan step found nothing to do; then it says why. */
export function nothingToDo({ state }: RunEnd): z.infer<typeof NotClaimed> | undefined {
  return state.status === 'succeeded' ? NotClaimed.safeParse(state.output).data : undefined;
}

/** What went wrong once the record was written; a night whose sources failed ends as `NightFailed`, and that is no news. */
export function afterRecord({ state }: RunEnd): string | undefined {
  if (state.status === 'stopped') return `the run was ${state.how} after its record was written`;
  if (state.status !== 'failed' || state.error === 'Nightproof.NightFailed') return undefined;
  return `the run failed after its record was written (${state.error}: ${messageIn(state.cause)})`;
}

/** Why a run ended without a record: always an error for the operator. */
export function unrecorded({ state, view }: RunEnd): CliError {
  const verified = view?.sources.filter(({ step }) => step === 'verified').map(({ sourceId }) => sourceId) ?? [];
  const kept = verified.length > 0 ? ` Verified before that, and safe: ${verified.join(', ')}.` : '';
  if (state.status === 'stopped')
    return new CliError(EXIT.unverified, `the run was ${state.how} before its report.${kept}`, restart(view));
  if (state.status === 'failed') return failedWithout(state, view, kept);
  return new CliError(
    EXIT.unreachable,
    'the run ended well, but its record is not in the vault',
    'Look at the log of the step Report.',
  );
}

interface Failed {
  readonly error: string;
  readonly cause: string;
}

function failedWithout({ error, cause }: Failed, view: RunView | undefined, kept: string): CliError {
  const message = messageIn(cause);
  if (error === 'Nightproof.InputRefused')
    return new CliError(EXIT.usage, message, 'Correct the arguments; nothing was started.');

  const reason = reasonOf(error);
  const what = `the run failed before its report (${reason ?? error}${message === '' ? '' : `: ${message}`}).${kept}`;
  const remedy = reason ? REASONS[reason].remedy : restart(view);
  return new CliError(view ? EXIT.unverified : EXIT.unreachable, what, remedy);
}

const restart = (view: RunView | undefined): string =>
  view
    ? `Find out who stopped it, then finish the slot: nightproof run --slot ${view.plan.slot}${planFlag(view.plan)}`
    : 'Look at the execution in the Step Functions console, then start it again.';
