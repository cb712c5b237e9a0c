import type { Manifest } from '../../domain/backup/manifest.ts';
import type { Config } from '../../domain/config/config.ts';
import { restoreItems } from '../../domain/restore/restore-items.ts';
import type { RestoreRecord } from '../../domain/restore/restore-record.ts';
import type { WantedBackup } from '../../domain/restore/restore-request.ts';
import { chooseBackups } from '../../runtime/choose-backups.ts';
import type { Vault } from '../../runtime/vault.ts';
import { findSets } from '../list/backup-sets.ts';
import type { Backend, Place, StartedRun } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { endedUnrecorded, refusedRemedy } from '../place/ended-unrecorded.ts';
import { type WatchEnd, watchExecution } from '../place/watch-execution.ts';
import { withBackend } from '../place/with-backend.ts';
import { planNameOf } from '../run/run-name.ts';
import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { operationDisplay } from '../terminal/operation-display.ts';
import { confirmed } from './confirm.ts';
import { intentLines } from './intent-lines.ts';
import { type RestoreIntent, restoreIntent } from './restore-intent.ts';
import { type RestoreOptions, refuseMixed, wantedIn } from './restore-options.ts';
import { RestoreDryRunOutput, RestoreOutput, RestoreStartedOutput, restoreOutput } from './restore-output.ts';
import { RESTORE_PROGRESS } from './restore-progress.ts';
import { restoreLines } from './restore-report.ts';
import { restoreToFolder } from './restore-to-folder.ts';
import { RestoreReader, type RestoreView } from './restore-view.ts';
import { chooseTarget, configFile, knownConfig } from './target-choice.ts';

/** Restores backups: finds them, says what they replace, has it confirmed, starts the restore and shows it to its end. */
export async function restore(
  context: CliContext,
  place: Place,
  what: string | undefined,
  options: RestoreOptions,
): Promise<ExitCode> {
  const wanted = wantedIn(what, options);
  refuseMixed(options);
  if (options.to !== undefined) return restoreToFolder(context, place, wanted, { ...options, to: options.to });
  if (!options.wait && place.local !== undefined)
    throw new CliError(
      EXIT.usage,
      '--no-wait cannot be used with --local',
      'The local cloud ends with this command: leave --no-wait out.',
    );

  const config = knownConfig(place, options.config);
  // looked at and confirmed before anything of a local cloud is started
  const agreed = await withBackend(context, place, { does: 'read' }, async (backend) => {
    const manifests = await chooseBackups(backend.vault, wanted, context.now());
    const target = chooseTarget(manifests, options.target, config);
    const missing = await missingIn(backend.vault, manifests, wanted, context.now());
    const intent = restoreIntent(manifests, wanted, { target, options, missing });
    if (place.local !== undefined && config) refuseBeforeStart(intent, config);
    if (options.dryRun) return dryRun(context, backend, intent, options);
    for (const line of intentLines(intent, context.terminal)) context.terminal.note(line);
    context.terminal.note('');
    return { intent, confirm: await confirmed(context, intent.confirmation, options.confirm) };
  });
  return typeof agreed === 'number' ? agreed : carryOut(context, place, agreed, options);
}

/** What the plan step of a local cloud will refuse, said before the cloud is started: it works by this very configuration. */
function refuseBeforeStart({ manifests, request, target: { target } }: RestoreIntent, { sources }: Config): void {
  const problems = target ? restoreItems({ request, target }, manifests, sources).problems : [];
  if (problems.length > 0) throw new CliError(EXIT.usage, problems.join('; '), refusedRemedy('restore'));
}

/** Sources of a set's run that have no backup in it, unless some were named: half of it must not pass for all of it. */
async function missingIn(
  vault: Vault,
  [first]: readonly Manifest[],
  wanted: WantedBackup,
  now: Date,
): Promise<readonly string[]> {
  if (!first || !('set' in wanted) || wanted.sources) return [];
  const { sets } = await findSets(vault, { now, slot: first.slot, limit: Number.POSITIVE_INFINITY });
  return sets.find(({ run }) => planNameOf(run) === planNameOf(first))?.missing ?? [];
}

/** The exit code that the record of a restore stands for. */
export const restoreExit = ({ status }: RestoreRecord): ExitCode => (status === 'failed' ? EXIT.unverified : EXIT.done);

function dryRun({ terminal }: CliContext, { vault }: Backend, intent: RestoreIntent, { json }: RestoreOptions): ExitCode {
  const { manifests, request, confirmation } = intent;
  if (json)
    terminal.json(
      RestoreDryRunOutput.parse({
        version: 1,
        kind: 'restoreDryRun',
        vault: vault.bucket,
        keys: manifests.map(({ key }) => key),
        request,
        confirm: confirmation,
      }),
    );
  else
    terminal.result([
      ...intentLines(intent, terminal),
      '',
      `Nothing was started. It would have to be confirmed as: ${confirmation}`,
    ]);
  return EXIT.done;
}

interface Agreed {
  readonly intent: RestoreIntent;
  readonly confirm: string;
}

function carryOut(context: CliContext, place: Place, { intent, confirm }: Agreed, options: RestoreOptions): Promise<ExitCode> {
  const purpose = { does: 'restore', config: configFile(options.config), target: intent.target.name } as const;
  return withBackend(context, place, purpose, async (backend) => {
    const started = await backend.start('restore', { ...intent.request, confirm });
    if (!options.wait) return leave(context, backend, started, options);
    const end = await followed(context, backend, started);
    const { view } = end;
    if (!view?.record) throw endedUnrecorded(end, { what: 'restore', lastStep: 'EndRestore', showIt: showIt(started, backend) });
    if (options.json) context.terminal.json(RestoreOutput.parse(restoreOutput(view, backend.vault.bucket)));
    else context.terminal.result(restoreLines(view, backend, context.terminal, context.now()));
    return restoreExit(view.record);
  });
}

const showIt = ({ name }: StartedRun, { flags }: Backend): string => `nightproof show ${name}${flags}`;

function leave({ terminal }: CliContext, backend: Backend, started: StartedRun, { json }: RestoreOptions): ExitCode {
  const { name, executionArn: execution } = started;
  if (json) terminal.json(RestoreStartedOutput.parse({ version: 1, kind: 'restoreStarted', name, execution }));
  else terminal.result([`Started ${execution}`, `Look at it with: ${showIt(started, backend)}`]);
  return EXIT.done;
}

async function followed(context: CliContext, backend: Backend, run: StartedRun): Promise<WatchEnd<RestoreView>> {
  const { terminal, now } = context;
  const reader = new RestoreReader(backend.vault, run.name);
  const display = operationDisplay(terminal, { run, where: backend.name, now }, RESTORE_PROGRESS);
  const look = () => reader.look();
  try {
    return await watchExecution(context, { backend, run, what: 'restore', look, fingerprint, onLook: display.look });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    if (!backend.runsWithoutUs) terminal.note('stopping the restore');
    throw interrupted(backend, run);
  } finally {
    display.stop();
  }
}

/** Changes when anything happened. */
const fingerprint = ({ items, services, ended }: RestoreView): string =>
  `${items.map(({ progress, record }) => `${record?.result} ${progress?.phase} ${progress?.bytes}`).join()} ${services !== undefined} ${ended}`;

function interrupted(backend: Backend, run: StartedRun): CliError {
  if (backend.runsWithoutUs)
    return new CliError(
      EXIT.interrupted,
      'no longer waiting; the restore itself goes on',
      `Look at it with: ${showIt(run, backend)}`,
    );
  return new CliError(
    EXIT.interrupted,
    'the restore was stopped, and the local cloud with it',
    `What it had done until then: ${showIt(run, backend)}`,
  );
}
