import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { explainAws, isTransient } from './aws-errors.ts';
import type { Backend, ExecutionState, StartedRun } from './backend.ts';
import type { CliContext } from './context.ts';

/** Each look is repeated so often before an execution is left to itself; with the waits between them that is some minutes. */
const MAX_FAILED_LOOKS = 20;

export interface Watched<View> {
  readonly backend: Pick<Backend, 'runsWithoutUs' | 'pollMs'>;
  readonly run: StartedRun;
  /** What is watched, in a sentence: `run`, `restore`. */
  readonly what: string;
  /** What the vault says of it now; undefined where it says nothing yet. */
  readonly look: () => Promise<View | undefined>;
  /** A text that changes when anything happened. */
  readonly fingerprint: (view: View) => string;
  /** Sees every look. */
  readonly onLook: (view: View) => void;
}

export interface WatchEnd<View> {
  readonly state: Exclude<ExecutionState, { status: 'running' }>;
  /** Absent where it never got as far as a record. */
  readonly view?: View;
}

/** Follows an execution to its end by what itself and the vault say. Throws `Interrupted` on Ctrl-C; the execution is not touched. */
export async function watchExecution<View>(context: CliContext, watched: Watched<View>): Promise<WatchEnd<View>> {
  const { first, most } = watched.backend.pollMs;
  let wait = first;
  let failures = 0;
  let seen = '';
  for (;;) {
    if (context.interrupt.aborted) throw new Interrupted();
    const looked = await lookAt(watched).catch((error: unknown) => {
      // what is being stopped may fail in any way
      if (context.interrupt.aborted) throw new Interrupted();
      return giveUpOrNot(error, ++failures, watched);
    });
    if (context.interrupt.aborted) throw new Interrupted();
    if (looked) {
      failures = 0;
      if (looked.view) watched.onLook(looked.view);
      if (looked.state.status !== 'running') return { ...looked, state: looked.state };
      const now = looked.view ? watched.fingerprint(looked.view) : '';
      wait = now === seen ? Math.min(most, wait * 1.5) : first;
      seen = now;
    } else {
      wait = Math.min(most, wait * 2);
    }
    await context.pause(wait);
  }
}

/** The execution is asked first: what the vault holds after it has ended is all there will be. */
async function lookAt<View>({ run, look }: Watched<View>): Promise<{ readonly state: ExecutionState; readonly view?: View }> {
  const state = await run.state();
  const view = await look();
  return view ? { state, view } : { state };
}

function giveUpOrNot<View>(error: unknown, failures: number, { backend, run, what }: Watched<View>): undefined {
  if (isTransient(error) && failures < MAX_FAILED_LOOKS) return undefined;
  if (!backend.runsWithoutUs) throw error;
  const known = explainAws(error, `looking at the ${what}`);
  if (!known) throw error;
  throw new CliError(EXIT.unreachable, `${known.message}. The ${what} itself goes on (${run.executionArn})`, known.remedy, {
    cause: error,
  });
}
