import type { Run } from '../../domain/backup/keys.ts';
import { plural } from '../../domain/plain-text.ts';
import type { Backend } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { describeRun } from '../run/describe-run.ts';
import { planFlag, showRunName } from '../run/run-name.ts';
import { RunOutput, runOutput, stateOf } from '../run/run-output.ts';
import { exitOf } from '../run/run-verdict.ts';
import { RunReader, type RunView } from '../run/run-view.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { plansOf } from './find-run.ts';

interface RunChoice {
  readonly source?: string;
  readonly attempt?: number;
  readonly json?: boolean;
}

/** Shows an attempt at a slot: the last, unless another is named. Ends as the run did. */
export async function showRun(
  context: CliContext,
  backend: Backend,
  run: Run,
  { source, attempt, json }: RunChoice,
): Promise<ExitCode> {
  const { terminal, now } = context;
  const plans = await plansOf(backend.vault, run);
  const plan = attempt === undefined ? plans.at(-1) : plans[attempt - 1];
  if (!plan) throw noSuchRun(backend, run, plans.length);

  const whole = await new RunReader(backend.vault, plan).look();
  const view = onlyOf(whole, source);
  const state = stateOf(view, now());
  if (json) terminal.json(RunOutput.parse(runOutput(view, backend.vault.bucket, state)));
  else
    terminal.result(
      describeRun(
        { view, state, attempts: plans.length, others: whole.sources.length - view.sources.length, now: now() },
        backend,
        terminal,
      ),
    );
  if (state === 'running') return EXIT.done;
  return view.record ? exitOf(view.record) : EXIT.unverified;
}

function noSuchRun({ flags }: Backend, run: Run, attempts: number): CliError {
  const what =
    attempts === 0
      ? `no run has the slot ${showRunName(run)}`
      : `the slot ${showRunName(run)} has ${plural(attempts, 'attempt')}`;
  const remedy =
    attempts === 0
      ? `The newest run: nightproof show latest${flags}`
      : `Leave --attempt out for the last: nightproof show ${run.slot}${planFlag(run)}${flags}`;
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
      `It has: ${view.sources.map(({ sourceId }) => sourceId).join(', ')}`,
    );
  const { record } = view;
  return {
    ...view,
    sources,
    ...(record && { record: { ...record, sources: record.sources.filter(({ sourceId }) => sourceId === source) } }),
  };
}
