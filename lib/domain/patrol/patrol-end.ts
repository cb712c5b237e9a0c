import { patrolRecordKey } from '../backup/operation-keys.ts';
import { showBytes } from '../bytes.ts';
import type { FailureFacts } from '../outcomes.ts';
import { fitted, plural, wrapped } from '../plain-text.ts';
import type { Metric } from '../run/night-metrics.ts';
import type { PatrolFindings, PatrolPlan, PatrolRecord } from './patrol-plan.ts';

/** What is known of a patrol when it ends. */
export interface PatrolEnd {
  readonly plan: PatrolPlan;
  /** Absent where the task wrote nothing. */
  readonly findings: PatrolFindings | undefined;
  readonly finishedAt: Date;
}

/** What a patrol came to. One backup that could not be read makes it fail: nothing is known of that one. */
export function buildPatrolRecord({ plan, findings, finishedAt }: PatrolEnd): PatrolRecord {
  const { keys, version, ...head } = plan;
  const found = findings?.findings ?? [];
  const intact = found.filter((one) => one.result === 'intact');
  const damaged = found.flatMap((one) => (one.result === 'damaged' ? [{ key: one.key, problem: one.problem }] : []));
  const read = new Set([...intact, ...damaged].map(({ key }) => key));
  const unread = keys.filter((key) => !read.has(key));
  return {
    version,
    ...head,
    finishedAt: finishedAt.toISOString(),
    status: damaged.length > 0 ? 'damaged' : unread.length > 0 ? 'failed' : 'intact',
    checked: read.size,
    bytes: intact.reduce((sum, { bytes }) => sum + bytes, 0),
    damaged,
    unread,
  };
}

export const patrolMetrics = ({ checked, damaged, bytes }: PatrolRecord): readonly Metric[] => [
  { name: 'BackupsChecked', unit: 'Count', value: checked },
  { name: 'BackupsDamaged', unit: 'Count', value: damaged.length },
  { name: 'BytesChecked', unit: 'Bytes', value: bytes },
];

const MAX_BODY_BYTES = 250_000;

/** The mail of a patrol, plain text; undefined where every backup is intact, since then there is nothing to do. */
export function patrolMail(
  record: PatrolRecord,
  { vault, failure }: { readonly vault: string; readonly failure?: FailureFacts | undefined },
): { readonly subject: string; readonly body: string } | undefined {
  if (record.status === 'intact') return undefined;
  const { damaged, unread, checked, bytes, of } = record;
  const lines = [
    `The patrol ${record.name} read ${plural(checked, 'backup')} of ${of} again (${showBytes(bytes)} intact) in ${vault}.`,
    ...(failure ? ['', ...wrapped(`It ended early: ${failure.detail}`, ''), ...wrapped(failure.remedy, '  ')] : []),
    ...(damaged.length > 0 ? ['', 'DAMAGED', ...damaged.flatMap(damagedLines), '', ...WHAT_NOW] : []),
    ...(unread.length > 0
      ? ['', 'NOT READ, so that nothing is known of them', ...unread.map((key) => `  ${key}`), ...READ_AGAIN]
      : []),
  ];
  const cut = `(Cut here: the mail would be too long. The rest is in ${patrolRecordKey(record.name)} in the vault.)`;
  return { subject: subjectOf(record), body: fitted(lines, MAX_BODY_BYTES, cut) };
}

const subjectOf = ({ damaged, unread }: PatrolRecord): string =>
  damaged.length > 0
    ? `nightproof DAMAGED: ${plural(damaged.length, 'backup')} found by the patrol`
    : `nightproof FAILED: the patrol could not read ${plural(unread.length, 'backup')}`;

const damagedLines = ({ key, problem }: PatrolRecord['damaged'][number]): readonly string[] => [
  `  ${key}`,
  // a problem names its backup first, as it stands alone elsewhere
  ...wrapped(problem.replace(`${key}: `, ''), '    '),
];

const WHAT_NOW = [
  ...wrapped(
    'Each of them counts as no backup from now on: it is not restored, not copied up, and does not count among those that are kept. Nothing was removed.',
    '',
  ),
  '  nightproof list      what else there is',
  '  nightproof run ID    back the source up anew',
  ...wrapped('Find out who or what changed the object: its versions in S3, and the trail of the bucket.', ''),
];

const READ_AGAIN = ['', 'Read them again:', '  nightproof verify KEY'];
