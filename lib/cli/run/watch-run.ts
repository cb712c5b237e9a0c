import type { ExecutionInput, Plan } from '../../domain/run/plan.ts';
import { parseSlot, type Slot, slotOf } from '../../domain/time/slot.ts';
import type { Vault } from '../../runtime/vault.ts';
import type { Backend, StartedRun } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { type WatchEnd, watchExecution } from '../place/watch-execution.ts';
import { plansOf } from '../show/find-run.ts';
import { runOf } from './run-name.ts';
import { RunReader, type RunView } from './run-view.ts';

export interface WatchedRun {
  readonly backend: Backend;
  readonly run: StartedRun;
  readonly input: ExecutionInput;
  /** Sees every look. */
  readonly onLook: (view: RunView) => void;
}

export type RunEnd = WatchEnd<RunView>;

/** Follows a run to its end. */
export function watchRun(context: CliContext, { backend, run, input, onLook }: WatchedRun): Promise<RunEnd> {
  let reader: RunReader | undefined;
  const look = async (): Promise<RunView | undefined> => {
    reader ??= await readerOf(backend.vault, run, input);
    return reader?.look();
  };
  return watchExecution(context, { backend, run, what: 'run', look, fingerprint, onLook });
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

/** Changes when anything happened. */
const fingerprint = ({ sources, retained, record }: RunView): string =>
  `${sources.map(({ step, tries }) => `${step}${tries.length}`).join()} ${retained} ${record !== undefined}`;
