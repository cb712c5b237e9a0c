import type { Manifest } from '../../domain/backup/manifest.ts';
import { confirmationOf, RestoreRequest, type WantedBackup } from '../../domain/restore/restore-request.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import type { RestoreOptions } from './restore-options.ts';
import type { ChosenTarget } from './target-choice.ts';

/** What is going to be restored to where, before anybody has agreed to it. */
export interface RestoreIntent {
  readonly manifests: readonly Manifest[];
  readonly target: ChosenTarget;
  /** Without `confirm`, which is still to be typed. */
  readonly request: RestoreRequest;
  /** Of a set: sources of the run that have no backup in it. */
  readonly missing: readonly string[];
  /** What has to be typed. */
  readonly confirmation: string;
}

interface Asked {
  readonly target: ChosenTarget;
  readonly options: RestoreOptions;
  readonly missing?: readonly string[];
}

/**
 * The request that options spell. It names the very backups that were found, so that what is confirmed is what is restored, also when
 * another backup is made meanwhile.
 */
export function restoreIntent(
  manifests: readonly Manifest[],
  wanted: WantedBackup,
  { target, options, missing = [] }: Asked,
): RestoreIntent {
  refuseMismatch(manifests, wanted, { target, options });
  const [first] = manifests;
  const single = 'set' in wanted ? undefined : first;
  const { mode, table, path, folder, replace, links, owner, compare, overSource, production, reason, database } = options;
  const request = parsed({
    backup: single ? { key: single.key } : { ...wanted, ...(first && 'set' in wanted && { set: first.slot }) },
    target: target.name,
    ...(single?.kind === 'database' && { database: database ?? single.database }),
    ...(single && isTree(single) && { folder: folder ?? single.sourceId }),
    ...(mode && { mode }),
    ...(table && { tables: table }),
    ...(path && { paths: path }),
    ...(replace && { replace }),
    ...(links && { outsideLinks: links }),
    ...(!owner && { owners: false }),
    ...(!compare && { compare }),
    ...(overSource && { overSource }),
    ...(production && { production }),
    ...(reason !== undefined && { reason }),
    confirm: '',
  });
  return { manifests, target, missing, request, confirmation: confirmationOf(request) };
}

export const isTree = ({ kind }: Manifest): boolean => kind !== 'database' && kind !== 'globals';

function parsed(request: unknown): RestoreRequest {
  const read = RestoreRequest.safeParse(request);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new CliError(
    EXIT.usage,
    `${issue?.path.join('.') || 'request'}: ${issue?.message ?? 'not usable'}`,
    'See nightproof restore --help.',
  );
}

type Field = 'database' | 'mode' | 'table' | 'folder' | 'path' | 'replace' | 'links';

const OF_DATABASES = ['database', 'mode', 'table'] as const satisfies readonly Field[];
const OF_TREES = ['folder', 'path', 'replace', 'links'] as const satisfies readonly Field[];

/** Refuses what has no meaning for these backups, and what the plan step would refuse. */
function refuseMismatch(manifests: readonly Manifest[], wanted: WantedBackup, { target, options }: Asked): void {
  const usage = (what: string, remedy: string): CliError => new CliError(EXIT.usage, what, remedy);
  const given = (fields: readonly Field[]): Field | undefined =>
    fields.find((field) => options[field] !== undefined && options[field] !== false);
  if (target.target?.production && !options.production)
    throw usage(`the target ${target.name} is marked as production`, 'If it is meant, say so: --production');
  if ('set' in wanted) {
    const single = given(['database', 'folder', 'table', 'path']);
    if (single) throw usage(`--${single} belongs to one backup, not to a set`, 'Restore that backup alone, by its key.');
    return;
  }
  const [manifest] = manifests;
  const strange =
    manifest && given(isTree(manifest) ? OF_DATABASES : manifest.kind === 'database' ? OF_TREES : [...OF_DATABASES, ...OF_TREES]);
  if (manifest && strange)
    throw usage(`--${strange} has no meaning for ${manifest.key}`, `It is ${WHAT_IT_IS[manifest.kind]}: leave the option out.`);
  if (options.table && (options.mode ?? 'swap') === 'swap')
    throw usage(
      '--table would replace the whole database by these tables',
      'Say --mode in-place to replace them inside the database, or --mode new with --database to look at them beside it.',
    );
}

const WHAT_IT_IS = {
  database: 'the dump of a database',
  globals: 'the roles and settings of a server',
  files: 'a tree of files',
  config: 'a tree of configuration files',
  datedFolder: 'the archive of a dated folder',
} as const satisfies Record<Manifest['kind'], string>;
