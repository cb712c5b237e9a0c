import { showBytes } from '../../domain/bytes.ts';
import { plural } from '../../domain/plain-text.ts';
import type { RestoreItemRecord } from '../../domain/restore/restore-record.ts';
import { showDuration } from '../../domain/time/duration.ts';
import type { ItemProgress, ItemView } from './restore-view.ts';

const PHASES = {
  verify: 'reading it whole',
  preflight: 'looking at the target',
  restore: 'restoring',
  compare: 'comparing',
  swap: 'putting it in place',
} as const satisfies Record<ItemProgress['phase'], string>;

/** Where an item is, on one line: `restoring  45 %, 448.3 MiB of 1.0 GiB, 52.1 MiB/s, 12 s left, 5 of 12 tables`. */
export function itemWords({ progress, record }: ItemView): string {
  if (record) return recordWords(record);
  if (!progress) return 'waiting for its task';
  return [phaseWords(progress), ...progressParts(progress)].join(', ');
}

/** The phase alone. */
export const phaseName = ({ phase }: ItemProgress): string => PHASES[phase];

function phaseWords(progress: ItemProgress): string {
  const { bytes, totalBytes } = progress;
  return totalBytes === 0
    ? phaseName(progress)
    : `${phaseName(progress)} ${Math.min(100, Math.floor((bytes / totalBytes) * 100))} %`;
}

function progressParts({ bytes, totalBytes, bytesPerSecond, tables, totalTables }: ItemProgress): readonly string[] {
  const left = bytesPerSecond ? Math.max(0, totalBytes - bytes) / bytesPerSecond : undefined;
  return [
    ...(totalBytes > 0 ? [`${showBytes(bytes)} of ${showBytes(totalBytes)}`] : []),
    ...(bytesPerSecond ? [`${showBytes(Math.round(bytesPerSecond))}/s`] : []),
    ...(left !== undefined && bytes < totalBytes ? [`${showDuration(left)} left`] : []),
    ...(tables === undefined ? [] : [`${tables} of ${plural(totalTables ?? tables, 'table')}`]),
  ];
}

/** `restored in 1 min 05 s: 12 tables, 1,204,331 rows, compared`, `FAILED (auth: ...)` */
function recordWords(record: RestoreItemRecord): string {
  if (record.result === 'failed') return `FAILED (${record.failure.reason}: ${record.failure.detail})`;
  return `restored in ${showDuration(secondsOf(record))}: ${contentWords(record.restored)}`;
}

type Restored = Extract<RestoreItemRecord, { result: 'restored' }>;

export const secondsOf = ({ seconds: { verify, restore, compare } }: Restored): number => verify + restore + compare;

export function contentWords(restored: Restored['restored']): string {
  switch (restored.kind) {
    case 'database':
      return `${plural(restored.tables, 'table')}, ${plural(restored.rows, 'row')}, ${restored.compared ? 'compared with the backup' : 'not compared'}`;
    case 'globals':
      return `${plural(restored.statements, 'statement')}, ${plural(restored.skippedRoles.length, 'role')} there already`;
    case 'tree':
      return `${plural(restored.files, 'file')}${restored.skipped > 0 ? `, ${restored.skipped} devices or pipes left out` : ''}`;
  }
}
