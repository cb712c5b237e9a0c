import { parseArtifactKey } from '../domain/keys.ts';
import { parseSlot } from '../domain/slot.ts';
import type { Backend, Place } from './backend.ts';
import { CliError } from './cli-error.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { newestSlot } from './find-run.ts';
import { quoted, requireSourceId } from './run-input.ts';
import { showBackup } from './show-backup.ts';
import { showRun } from './show-run.ts';
import { withBackend } from './with-backend.ts';

export interface ShowOptions {
  readonly source?: string;
  readonly attempt?: number;
  /** Every table instead of the largest ones. */
  readonly all?: boolean;
  readonly json?: boolean;
}

const WHAT = 'Name a slot (20260419_020000), the key of a backup (daily/app_20260419_020000.dump), or: latest';

/** Shows one run or one backup. */
export async function show(context: CliContext, place: Place, what: string, options: ShowOptions): Promise<ExitCode> {
  const { source } = options;
  if (source !== undefined) requireSourceId(source);
  const key = keyIn(what);
  const slot = parseSlot(what);
  if (!key && !slot && what !== 'latest')
    throw new CliError(EXIT.usage, `${quoted(what)} is neither a slot nor the key of a backup`, WHAT);
  if (key && source !== undefined)
    throw new CliError(
      EXIT.usage,
      '--source cannot be used with the key of a backup',
      'The key names its source already: leave --source out.',
    );

  return withBackend(context, place, { does: 'read' }, async (backend) => {
    if (key) return showBackup(context, backend, key, options);
    const found = slot ?? (await newestSlot(backend.vault, context.now(), source));
    if (!found) throw noRun(backend, source);
    return showRun(context, backend, found, options);
  });
}

/** The key of an artifact, written as it is listed, as its manifest's or as an s3:// address. */
function keyIn(what: string): string | undefined {
  const key = what.replace(/^s3:\/\/[^/]+\//, '').replace(/\.manifest\.json$/, '');
  return parseArtifactKey(key) ? key : undefined;
}

const noRun = ({ name, flags }: Backend, source: string | undefined): CliError =>
  new CliError(
    EXIT.unverified,
    `${name} has no run${source === undefined ? '' : ` with the source ${source}`} yet`,
    `Start one: nightproof run${source === undefined ? '' : ` ${source}`}${flags}`,
  );
