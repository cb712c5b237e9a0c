import type { Backend, Place, StartedRun } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { endedUnrecorded } from '../place/ended-unrecorded.ts';
import { type WatchEnd, watchExecution } from '../place/watch-execution.ts';
import { withBackend } from '../place/with-backend.ts';
import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { operationDisplay } from '../terminal/operation-display.ts';
import { readDrillInput } from './drill-input.ts';
import { DrillOutput, DrillStartedOutput, drillOutput } from './drill-output.ts';
import { DRILL_PROGRESS } from './drill-progress.ts';
import { drillLines, hasFailed } from './drill-report.ts';
import { DrillReader, type DrillView } from './drill-view.ts';

export interface DrillOptions {
  readonly source?: readonly string[];
  readonly pick?: string;
  readonly reason?: string;
  readonly wait: boolean;
  readonly json?: boolean;
  /** Of the local cloud only: AWS has the configuration that was deployed. */
  readonly config: string;
}

/** Starts a drill run, shows it while it goes on, and ends as it did. */
export async function drill(
  context: CliContext,
  place: Place,
  what: string | undefined,
  options: DrillOptions,
): Promise<ExitCode> {
  const { source, pick, reason, wait, config, json } = options;
  const input = readDrillInput({ key: what, source, pick, reason });
  if (!wait && place.local !== undefined)
    throw new CliError(
      EXIT.usage,
      '--no-wait cannot be used with --local',
      'The local cloud ends with this command: leave --no-wait out.',
    );
  return withBackend(context, place, { does: 'drill', config }, async (backend) => {
    const started = await backend.start('drill', input);
    if (!wait) return leave(context, backend, started, json);
    const end = await followed(context, backend, started);
    const { view } = end;
    if (!view?.record) throw endedUnrecorded(end, { what: 'drill', lastStep: 'EndDrill', showIt: showIt(started, backend) });
    if (json) context.terminal.json(DrillOutput.parse(drillOutput(view, backend.vault.bucket)));
    else context.terminal.result(drillLines(view, backend, context.terminal));
    return drillExit(view);
  });
}

/** Only where something was drilled, and all of it passed, is it proved that anything restores. */
export function drillExit({ items, ended, record }: DrillView): ExitCode {
  if (!ended) return EXIT.done;
  return record?.status === 'passed' && items.length > 0 && !items.some(hasFailed) ? EXIT.done : EXIT.unverified;
}

const showIt = ({ name }: StartedRun, { flags }: Backend): string => `nightproof show ${name}${flags}`;

function leave({ terminal }: CliContext, backend: Backend, started: StartedRun, json: boolean | undefined): ExitCode {
  const { name, executionArn: execution } = started;
  if (json) terminal.json(DrillStartedOutput.parse({ version: 1, kind: 'drillStarted', name, execution }));
  else terminal.result([`Started ${execution}`, `Look at it with: ${showIt(started, backend)}`]);
  return EXIT.done;
}

async function followed(context: CliContext, backend: Backend, run: StartedRun): Promise<WatchEnd<DrillView>> {
  const { terminal, now } = context;
  const reader = new DrillReader(backend.vault, run.name);
  const display = operationDisplay(terminal, { run, where: backend.name, now }, DRILL_PROGRESS);
  const look = () => reader.look();
  try {
    return await watchExecution(context, { backend, run, what: 'drill', look, fingerprint, onLook: display.look });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    if (!backend.runsWithoutUs) terminal.note('stopping the drill');
    throw interrupted(backend, run);
  } finally {
    display.stop();
  }
}

/** Changes when anything happened. */
const fingerprint = ({ items, ended }: DrillView): string =>
  `${items.map(({ evidence, recorded }) => evidence?.result ?? recorded?.result).join()} ${ended}`;

const interrupted = (backend: Backend, run: StartedRun): CliError =>
  backend.runsWithoutUs
    ? new CliError(EXIT.interrupted, 'no longer waiting; the drill itself goes on', `Look at it with: ${showIt(run, backend)}`)
    : new CliError(
        EXIT.interrupted,
        'the drill was stopped, and the local cloud with it',
        'What was drilled before is kept. Start again when you like.',
      );
