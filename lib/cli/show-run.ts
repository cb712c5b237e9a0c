import type { Slot } from '../domain/slot.ts';
import type { Backend } from './backend.ts';
import { CliError } from './cli-error.ts';
import type { CliContext } from './context.ts';
import { describeRun } from './describe-run.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { plural } from './fields.ts';
import { plansOf } from './find-run.ts';
import { RunOutput, runOutput, stateOf } from './run-output.ts';
import { exitOf } from './run-verdict.ts';
import { RunReader, type RunView } from './run-view.ts';

interface RunChoice {
  readonly source?: string;
  readonly attempt?: number;
  readonly json?: boolean;
}

/** Shows an attempt at a slot: the last, unless another is named. Ends as the run did. */
export async function showRun(
  context: CliContext,
  backend: Backend,
  slot: Slot,
  { source, attempt, json }: RunChoice,
): Promise<ExitCode> {
  const { terminal, now } = context;
  const plans = await plansOf(backend.vault, slot);
  const plan = attempt === undefined ? plans.at(-1) : plans[attempt - 1];
  if (!plan) throw noSuchRun(backend, slot, plans.length);

  const view = onlyOf(await new RunReader(backend.vault, plan).look(), source);
  const state = stateOf(view, now());
  if (json) terminal.json(RunOutput.parse(runOutput(view, backend.vault.bucket, state)));
  else terminal.result(describeRun({ view, state, attempts: plans.length, now: now() }, backend, terminal));
  if (state === 'running') return EXIT.done;
  return view.record ? exitOf(view.record) : EXIT.unverified;
}

function noSuchRun({ flags }: Backend, slot: Slot, attempts: number): CliError {
  const what = attempts === 0 ? `no run has the slot ${slot}` : `the slot ${slot} has ${plural(attempts, 'attempt')}`;
  const remedy =
    attempts === 0
      ? `The newest run: nightproof show latest${flags}`
      : `Leave --attempt out for the last: nightproof show ${slot}${flags}`;
  return new CliError(EXIT.unverified, what, remedy);
}

/** A view of one source only. Its record is cut down too, so that the exit code speaks of that source. */
function onlyOf(view: RunView, source: string | undefined): RunView {
  if (source === undefined) return view;
  const sources = view.sources.filter(({ sourceId }) => sourceId === source);
  if (sources.length === 0)
    throw new CliError(
      EXIT.unverified,
      `the run ${view.plan.slot} has no source ${source}`,
      `It has: ${view.plan.sources.map(({ id }) => id).join(', ')}`,
    );
  const { record } = view;
  return {
    ...view,
    sources,
    ...(record && { record: { ...record, sources: record.sources.filter(({ sourceId }) => sourceId === source) } }),
  };
}
