import type { Manifest } from '../../domain/backup/manifest.ts';
import { showBytes } from '../../domain/bytes.ts';
import type { RestoreRequest } from '../../domain/restore/restore-request.ts';
import { countsOf, showCounts } from '../../domain/run/counts.ts';
import { instantOf } from '../../domain/time/slot.ts';
import { hanging, showInstant } from '../terminal/fields.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { isTree, type RestoreIntent } from './restore-intent.ts';

/** What is going to happen, for somebody who has to agree to it: each backup, and exactly what it replaces. */
export function intentLines({ manifests, target, request, missing }: RestoreIntent, terminal: Terminal): readonly string[] {
  const { services = [], after, production } = target.target ?? {};
  return [
    `Restore to ${terminal.paint('strong', target.name)}${production ? terminal.paint('bad', ', which is marked as PRODUCTION') : ''}:`,
    ...manifests.flatMap((manifest) => ['', ...backupLines(manifest, request, target.name)]),
    ...(missing.length > 0
      ? ['', ...hanging(`  ${terminal.paint('bad', 'NOT IN IT')}: `, `${missing.join(', ')}: the run has no backup of them`)]
      : []),
    '',
    ...hanging(
      '  Services  ',
      target.target === undefined
        ? 'as the deployed configuration says for this target'
        : services.length === 0
          ? 'none are stopped'
          : `${services.map(({ service }) => service).join(', ')}: stopped meanwhile, and started again whatever happens`,
    ),
    ...(after && (after.sql.length > 0 || after.task || after.probe) ? hanging('  After it  ', afterWords(after)) : []),
  ];
}

function afterWords({ sql, task, probe }: NonNullable<NonNullable<RestoreIntent['target']['target']>['after']>): string {
  return [
    ...(sql.length > 0 ? [`${sql.length} SQL ${sql.length === 1 ? 'statement' : 'statements'} of your own`] : []),
    ...(task ? [`the command ${JSON.stringify(task.command.join(' '))} in ${task.taskDefinition}`] : []),
    ...(probe ? [`${probe.url} must answer`] : []),
  ].join('; ');
}

function backupLines(manifest: Manifest, request: RestoreRequest, target: string): readonly string[] {
  const { key, slot, date, receipt } = manifest;
  const of = date === undefined ? showInstant(instantOf(slot)) : `the folder of ${date}`;
  return [
    `  ${key}`,
    ...hanging('    Of      ', `${of}, ${showBytes(receipt.bytes)}, ${showCounts(countsOf(receipt))}`),
    ...hanging('    Effect  ', effectOf(manifest, request, target)),
  ];
}

function effectOf(manifest: Manifest, request: RestoreRequest, target: string): string {
  if (manifest.kind === 'globals') return `roles that are missing on ${target} are made; those that are there stay as they are`;
  return isTree(manifest) ? treeEffect(manifest, request) : databaseEffect(manifest, request, target);
}

function databaseEffect(
  { database: own = '' }: Manifest,
  { database = own, mode, tables, compare }: RestoreRequest,
  target: string,
): string {
  const name = JSON.stringify(database);
  const what = tables ? tables.join(', ') : 'everything that the backup holds';
  const checked = compare ? ' once it was compared with the backup, table by table' : '';
  switch (mode) {
    case 'swap':
      return `REPLACES database ${name} on ${target}${checked}; the one that is there now, if any, is kept as ${JSON.stringify(`${database}_before_<time>`)}`;
    case 'new':
      return `makes the new database ${name} on ${target}${tables ? ` with ${what} only` : ''}; nothing is replaced`;
    case 'inPlace':
      return `REPLACES ${what} inside database ${name} on ${target}, in one transaction; what is there now of it is NOT kept`;
  }
}

function treeEffect({ sourceId }: Manifest, { folder = sourceId, replace, paths, target }: RestoreRequest): string {
  const what = paths ? `${paths.join(', ')} of it` : 'all of it';
  return replace
    ? `REPLACES the folder ${JSON.stringify(folder)} on the volume of ${target} by ${what}; the one that is there now is kept beside it`
    : `unpacks ${what} into the folder ${JSON.stringify(folder)} on the volume of ${target}, which must be new or empty`;
}
