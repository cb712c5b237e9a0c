import type { ExecutionInput, Plan } from '../../domain/run/plan.ts';
import { parseSlot, type Slot, slotOf } from '../../domain/time/slot.ts';
import type { Vault } from '../../runtime/vault.ts';
import { explainAws, isTransient } from '../place/aws-errors.ts';
import type { Backend, ExecutionState, StartedRun } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { plansOf } from '../show/find-run.ts';
import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { runOf } from './run-name.ts';
import { RunReader, type RunView } from './run-view.ts';

/** Each look is repeated so often before the run is left to itself; with the waits between them that is some minutes. */
const MAX_FAILED_LOOKS = 20;

export interface Watched {
  readonly backend: Backend;
  readonly run: StartedRun;
  readonly input: ExecutionInput;
  /** Sees every look. */
  readonly onLook: (view: RunView) => void;
}

export interface WatchEnd {
  readonly state: Exclude<ExecutionState, { status: 'running' }>;
  /** Absent where the run never got as far as a plan. */
  readonly view?: RunView;
}

type Looked = { readonly state: ExecutionState; readonly view?: RunView };

/** Follows a run to its end by what its execution and the vault say. Throws `Interrupted` on Ctrl-C; the run is not touched. */
export async function watchRun(context: CliContext, watched: Watched): Promise<WatchEnd> {
  const { first, most } = watched.backend.pollMs;
  const look = looker(watched);
  let wait = first;
  let failures = 0;
  let seen = '';
  for (;;) {
    if (context.interrupt.aborted) throw new Interrupted();
    const looked = await look().catch((error: unknown) => {
      // what is being stopped may fail in any way
      if (context.interrupt.aborted) throw new Interrupted();
      return giveUpOrNot(error, ++failures, watched);
    });
    if (context.interrupt.aborted) throw new Interrupted();
    if (looked) {
      failures = 0;
      if (looked.view) watched.onLook(looked.view);
      if (looked.state.status !== 'running') return { ...looked, state: looked.state };
      const now = fingerprint(looked.view);
      wait = now === seen ? Math.min(most, wait * 1.5) : first;
      seen = now;
    } else {
      wait = Math.min(most, wait * 2);
    }
    await context.pause(wait);
  }
}

/** The execution is asked first: what the vault holds after it has ended is all there will be. */
function looker({ backend, run, input }: Watched): () => Promise<Looked> {
  let reader: RunReader | undefined;
  return async () => {
    const state = await run.state();
    reader ??= await readerOf(backend.vault, run, input);
    return reader ? { state, view: await reader.look() } : { state };
  };
}

async function readerOf(vault: Vault, started: StartedRun, input: ExecutionInput): Promise<RunReader | undefined> {
  const { executionArn } = started;
  for (const slot of possibleSlots(started, input)) {
    const run = 'plan' in input && input.plan !== undefined ? runOf(slot, input.plan) : { slot };
    const plan = (await plansOf(vault, run)).find(({ execution }: Plan) => execution === executionArn);
    if (plan) return new RunReader(vault, plan);
  }
  return undefined;
}

/** The slot of a run by hand is the second it started in; whether that was rounded or cut on the way is not known here. */
export function possibleSlots({ startedAt }: StartedRun, input: ExecutionInput): readonly Slot[] {
  const named = 'slot' in input && input.slot !== undefined ? parseSlot(input.slot) : undefined;
  if (named) return [named];
  return [0, 1000, -1000].map((ms) => slotOf(new Date(startedAt.getTime() + ms)));
}

function giveUpOrNot(error: unknown, failures: number, { backend, run }: Watched): undefined {
  if (isTransient(error) && failures < MAX_FAILED_LOOKS) return undefined;
  if (!backend.runsWithoutUs) throw error;
  const known = explainAws(error, 'looking at the run');
  if (!known) throw error;
  throw new CliError(EXIT.unreachable, `${known.message}. The run itself goes on (${run.executionArn})`, known.remedy, {
    cause: error,
  });
}

/** Changes when anything happened. */
const fingerprint = (view: RunView | undefined): string =>
  view
    ? `${view.sources.map(({ step, tries }) => `${step}${tries.length}`).join()} ${view.retained} ${view.record !== undefined}`
    : '';
