import { restoreRecordKey } from '../backup/operation-keys.ts';
import { showBytes } from '../bytes.ts';
import { fitted, plural } from '../plain-text.ts';
import { failureLines, hanging, MAX_BODY_BYTES, MAX_SUBJECT_CHARACTERS } from '../run/mail-lines.ts';
import { showDuration } from '../time/duration.ts';
import type { Slot } from '../time/slot.ts';
import { goBackLines } from './go-back.ts';
import type { RestoreItemRecord, RestoreRecord } from './restore-record.ts';
import { quoted } from './statements-of.ts';

type Restored = Extract<RestoreItemRecord, { result: 'restored' }>;
type Failed = Extract<RestoreItemRecord, { result: 'failed' }>;

const LABELS = { restored: 'OK', warning: 'WARNING', failed: 'FAILED' } as const satisfies Record<
  RestoreRecord['status'],
  string
>;

/** The mail of a restore: failures first, each with its remedy. */
export function renderRestoreReport(record: RestoreRecord): { readonly subject: string; readonly body: string } {
  const { name, status, items, failure, services } = record;
  const failed = items.filter((item) => item.result === 'failed');
  const restored = items.filter((item) => item.result === 'restored');
  const lines = [
    ...heading(record),
    ...(failure ? ['', 'THE RESTORE AS A WHOLE FAILED', ...failureLines(failure)] : []),
    ...failed.flatMap(failedLines),
    ...(restored.length > 0 ? ['', 'RESTORED', ...restored.flatMap((item) => restoredLines(item, record))] : []),
    ...(services.length > 0 ? ['', 'SERVICES', ...services.map(serviceLine)] : []),
    '',
    'All details:',
    `  nightproof show ${name}`,
  ];
  const cut = `(Cut here: the mail would be too long. The rest is in ${restoreRecordKey(name)} in the vault.)`;
  const subject = `nightproof restore ${LABELS[status]}: ${counted(record)}, ${name}`;
  return { subject: subject.slice(0, MAX_SUBJECT_CHARACTERS), body: fitted(lines, MAX_BODY_BYTES, cut) };
}

/** `2 of 3 restored to main` */
const counted = ({ items, targetName }: RestoreRecord): string =>
  `${items.filter(({ result }) => result === 'restored').length} of ${items.length} restored to ${targetName}`;

function heading(record: RestoreRecord): readonly string[] {
  const { name, status, requestedAt, finishedAt, request } = record;
  const seconds = (Date.parse(finishedAt) - Date.parse(requestedAt)) / 1000;
  return [
    `${LABELS[status]}: ${counted(record)}`,
    '',
    `Restore  ${name}`,
    `Asked    ${requestedAt.slice(0, 16).replace('T', ' ')} UTC, took ${showDuration(Math.max(0, seconds))}`,
    ...(request.reason ? hanging('Reason   ', request.reason) : []),
  ];
}

const failedLines = ({ item, phase, failure, left }: Failed): readonly string[] => [
  '',
  `FAILED  ${item.sourceId} (${phase})`,
  ...hanging('  Backup      ', item.key),
  ...failureLines(failure),
  ...hanging('  Target      ', left ?? 'is as it was'),
];

function restoredLines({ item, bytes, seconds, restored, warnings }: Restored, { stamp }: RestoreRecord): readonly string[] {
  const took = showDuration(seconds.verify + seconds.restore + seconds.compare);
  return [
    `  ${item.sourceId}`,
    ...hanging('    ', `${item.key}: ${[showBytes(bytes), ...restoredFacts(restored), took].join(', ')}`),
    ...formerLines(restored, stamp),
    ...warnings.flatMap((warning) => hanging('    Warning: ', warning)),
  ];
}

function formerLines(restored: Restored['restored'], stamp: Slot): readonly string[] {
  if (restored.kind !== 'database' || restored.before === undefined) return [];
  const { database, before } = restored;
  return [
    `    What it replaced is kept as database ${quoted(before)};`,
    ...goBackLines({ database, before, stamp }).map((line) => `    ${line}`),
  ];
}

function restoredFacts(restored: Restored['restored']): readonly string[] {
  switch (restored.kind) {
    case 'database':
      return [
        `database ${restored.database}`,
        plural(restored.tables, 'table'),
        plural(restored.rows, 'row'),
        restored.compared ? 'compared with the manifest' : 'not compared',
      ];
    case 'globals':
      return [plural(restored.statements, 'statement')];
    case 'tree':
      return [
        `folder ${restored.folder}`,
        plural(restored.files, 'file'),
        ...(restored.before === undefined ? [] : [`the former one is kept as ${restored.before}`]),
      ];
  }
}

const serviceLine = ({ cluster, service, desiredCount, running }: RestoreRecord['services'][number]): string =>
  `  ${cluster}/${service}: ${running ? `runs again with ${plural(desiredCount, 'task')}` : `DOES NOT RUN AGAIN; it had ${plural(desiredCount, 'task')}`}`;
