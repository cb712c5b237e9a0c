import type { ExecutionInput } from '../../domain/run/plan.ts';
import type { Backend, Place, StartedRun } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { withBackend } from '../place/with-backend.ts';
import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { liveProgress } from './live-progress.ts';
import { plainProgress } from './plain-progress.ts';
import { readRunInput } from './run-input.ts';
import { planFlag } from './run-name.ts';
import { NothingToDoOutput, RunOutput, runOutput, StartedOutput } from './run-output.ts';
import { reportLines } from './run-report.ts';
import { afterRecord, exitOf, nothingToDo, unrecorded } from './run-verdict.ts';
import type { RunView } from './run-view.ts';
import { possibleSlots, type RunEnd, watchRun } from './watch-run.ts';

export interface RunOptions {
  readonly plan?: string;
  readonly slot?: string;
  readonly reason?: string;
  readonly wait: boolean;
  readonly json?: boolean;
  /** Of the local cloud only: AWS has the configuration that was deployed. */
  readonly config: string;
}

/** Starts a run, shows it while it goes on, and ends as it did. */
export async function run(context: CliContext, place: Place, sources: readonly string[], options: RunOptions): Promise<ExitCode> {
  const { plan, slot, reason, config } = options;
  const input = readRunInput({
    sources,
    ...(plan !== undefined && { plan }),
    ...(slot !== undefined && { slot }),
    ...(reason !== undefined && { reason }),
  });
  if (!options.wait && place.local !== undefined)
    throw new CliError(
      EXIT.usage,
      '--no-wait cannot be used with --local',
      'The local cloud ends with this command: leave --no-wait out.',
    );

  return withBackend(context, place, { does: 'run', config, input }, async (backend) => {
    const started = await backend.start('night', input);
    if (!options.wait) return leave(context, backend, started, input, options);
    const end = await followed(context, backend, started, input);
    return conclude(context, backend, end, { json: options.json, plan: planFlag(input) });
  });
}

function leave(
  { terminal }: CliContext,
  { flags }: Backend,
  started: StartedRun,
  input: ExecutionInput,
  { json }: RunOptions,
): ExitCode {
  const [slot] = possibleSlots(started, input);
  const { executionArn } = started;
  if (json) terminal.json(StartedOutput.parse({ version: 1, kind: 'started', execution: executionArn, slot }));
  else terminal.result([`Started ${executionArn}`, `Look at it with: nightproof show ${slot}${planFlag(input)}${flags}`]);
  return EXIT.done;
}

async function followed(context: CliContext, backend: Backend, started: StartedRun, input: ExecutionInput): Promise<RunEnd> {
  const { terminal, now } = context;
  const progress = terminal.canRedraw ? liveProgress(terminal, now) : plainProgress(terminal, now);
  progress.started(started, backend.name);
  let last: RunView | undefined;
  const onLook = (view: RunView): void => {
    last = view;
    progress.look(view);
  };
  try {
    return await watchRun(context, { backend, run: started, input, onLook });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    if (!backend.runsWithoutUs) terminal.note('stopping the run');
    throw interrupted(backend, `${last?.plan.slot ?? possibleSlots(started, input)[0]}${planFlag(input)}`);
  } finally {
    progress.stop();
  }
}

function interrupted({ runsWithoutUs, flags }: Backend, run: string): CliError {
  if (runsWithoutUs)
    return new CliError(
      EXIT.interrupted,
      'no longer waiting; the run itself goes on',
      `Look at it with: nightproof show ${run}${flags}`,
    );
  return new CliError(
    EXIT.interrupted,
    'the run was stopped, and the local cloud with it',
    'What was verified before is safe. Start again when you like.',
  );
}

interface Ending {
  readonly json: boolean | undefined;
  /** The option that names the plan, where it is not the nightly one. */
  readonly plan: string;
}

function conclude({ terminal }: CliContext, backend: Backend, end: RunEnd, { json, plan }: Ending): ExitCode {
  const nothing = nothingToDo(end);
  if (nothing) {
    const { slot, reason } = nothing;
    if (json) terminal.json(NothingToDoOutput.parse({ version: 1, kind: 'nothingToDo', slot, reason }));
    else terminal.result([`Nothing to do: ${reason}`, `Look at it with: nightproof show ${slot}${plan}${backend.flags}`]);
    return EXIT.nothingToDo;
  }
  const { view } = end;
  if (!view?.record) throw unrecorded(end);
  const trouble = afterRecord(end);
  if (trouble) terminal.error(trouble, 'Look at the log of the step Report: the mail or the metrics may be missing.');
  if (json) terminal.json(RunOutput.parse(runOutput(view, backend.vault.bucket, 'ended')));
  else terminal.result(reportLines(view, view.record, backend));
  return exitOf(view.record);
}
