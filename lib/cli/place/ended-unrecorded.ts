import { REASONS, reasonOf } from '../../domain/outcomes.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { messageIn } from './execution-cause.ts';
import type { WatchEnd } from './watch-execution.ts';

/** What a sentence calls an execution, and where its log is. */
export interface Operation {
  readonly what: 'restore' | 'drill';
  /** The step that writes its record. */
  readonly lastStep: string;
  /** Shows what is known of it. */
  readonly showIt: string;
}

/** Why an execution ended without a record: always an error for the operator. */
export function endedUnrecorded<View>({ state, view }: WatchEnd<View>, { what, lastStep, showIt }: Operation): CliError {
  const after = view
    ? `What it did until then: ${showIt}`
    : 'Look at the execution in the Step Functions console, then start it again.';
  if (state.status === 'stopped') return new CliError(EXIT.unverified, `the ${what} was ${state.how} before its report`, after);
  if (state.status === 'succeeded')
    return new CliError(
      EXIT.unreachable,
      `the ${what} ended well, but its record is not in the vault`,
      `Look at the log of the step ${lastStep}.`,
    );

  const message = messageIn(state.cause);
  if (state.error === 'Nightproof.InputRefused') return new CliError(EXIT.usage, message, refusedRemedy(what));
  const reason = reasonOf(state.error);
  const facts = `${reason ?? state.error}${message === '' ? '' : `: ${message}`}`;
  return new CliError(
    view || reason === 'no-backup' || reason === 'damaged' ? EXIT.unverified : EXIT.unreachable,
    view ? `the ${what} failed before its report (${facts})` : `nothing was started: ${facts}`,
    reason ? REASONS[reason].remedy : after,
  );
}

/** The plan step speaks of fields of the execution's input, and operators of options. */
export const refusedRemedy = (what: Operation['what']): string =>
  what === 'restore'
    ? 'Nothing was started. What is in quotes there are fields of the request: "overSource" is --over-source, "production" is --production, "database" is --database.'
    : 'Correct the arguments; nothing was started.';
