import { parseArtifactKey, runRecordKey } from '../backup/keys.ts';
import { showBytes } from '../bytes.ts';
import { fitted, oneLine, plural, wrapped } from '../plain-text.ts';
import type { RetentionSummary } from '../retention/retention-record.ts';
import { showDuration } from '../time/duration.ts';
import { instantOf } from '../time/slot.ts';
import { showCounts } from './counts.ts';
import { failureLines, hanging, MAX_BODY_BYTES, MAX_SUBJECT_CHARACTERS } from './mail-lines.ts';
import { NIGHTLY } from './plan-name.ts';
import { groupsOf } from './plan-night.ts';
import { buildRunRecord, type NightEnd, type RunRecord, type RunStatus } from './run-record.ts';
import type { SourceOutcome } from './source-outcome.ts';

type Verified = Extract<SourceOutcome, { status: 'verified' }>;
type Failed = Extract<SourceOutcome, { status: 'failed' }>;

/** The mail of a night: plain text. */
export interface Report {
  readonly status: RunStatus;
  readonly subject: string;
  readonly body: string;
}

export interface ReportInput extends NightEnd {
  /** Name of the vault's bucket. */
  readonly vault: string;
}

/** Renders what an operator reads of a night: failures first, each with its remedy. */
export function renderReport({ vault, ...night }: ReportInput): Report {
  const record = buildRunRecord(night);
  const groups = groupsOf(night.plan).length;
  const failed = record.sources.filter((outcome) => outcome.status === 'failed');
  const verified = record.sources.filter((outcome) => outcome.status === 'verified');

  const lines = [
    ...heading(record, { failed: failed.length, groups, vault }),
    ...(record.failure ? ['', 'THE NIGHT AS A WHOLE FAILED', ...failureLines(record.failure)] : []),
    ...failed.flatMap(failedLines),
    ...(verified.length > 0 ? ['', 'VERIFIED', ...verified.flatMap(verifiedLines)] : []),
    ...earlierLines(record.alreadyVerified),
    ...foundLines(record.notes ?? []),
    '',
    ...retentionLines(record.retention),
    ...sweepLines(record.sweep),
    ...offsiteLines(record.offsite),
    ...notCoveredLines(night.plan.notCovered ?? []),
    ...nextSteps(record, failed),
  ];
  const cut = `(Cut here: the mail would be too long. The rest is in ${runRecordKey(record)} in the vault.)`;
  return { status: record.status, subject: subjectOf(record, failed.length, groups), body: fitted(lines, MAX_BODY_BYTES, cut) };
}

const LABELS = { ok: 'OK', warning: 'WARNING', failed: 'FAILED' } as const satisfies Record<RunStatus, string>;

function subjectOf(record: RunRecord, failed: number, groups: number): string {
  const subject = `nightproof ${LABELS[record.status]}: ${counted(record, failed, groups)}, ${record.slot}`;
  return subject.slice(0, MAX_SUBJECT_CHARACTERS);
}

/** `1 of 3 failed`, `3 of 3 verified` */
function counted({ sources, alreadyVerified, failure }: RunRecord, failed: number, groups: number): string {
  const all = sources.length + alreadyVerified.length;
  const night = failure ? `the night failed (${failure.reason}), ` : '';
  // what was asked for may hold nothing that is due
  if (all === 0) return `${night}${groups > 0 ? 'nothing was due' : 'no source to back up'}`;
  return night + (failed > 0 ? `${failed} of ${all} failed` : `${all} of ${all} verified`);
}

interface Heading {
  readonly failed: number;
  /** How many of the sources that were asked for stand for others. */
  readonly groups: number;
  readonly vault: string;
}

function heading(record: RunRecord, { failed, groups, vault }: Heading): readonly string[] {
  const { slot, plan, attempt, trigger, reason, lateSeconds, startedAt, finishedAt } = record;
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  const stands = instantOf(slot).toISOString().slice(0, 16).replace('T', ' ');
  const begun = trigger === 'schedule' ? 'by the schedule' : 'by hand';
  return [
    `${LABELS[record.status]}: ${counted(record, failed, groups)}`,
    '',
    `Slot     ${slot} (${stands} UTC)${attempt > 1 ? `, attempt ${attempt}` : ''}`,
    ...(plan === undefined || plan === NIGHTLY ? [] : [`Plan     ${plan}`]),
    `Started  ${begun}, took ${showDuration(Math.max(0, seconds))}`,
    ...(lateSeconds === undefined ? [] : [`Late     started ${showDuration(lateSeconds)} after its time`]),
    ...(reason ? hanging('Reason   ', reason) : []),
    `Vault    ${oneLine(vault)}`,
  ];
}

const failedLines = ({ sourceId, failure, tries }: Failed): readonly string[] => [
  '',
  `FAILED  ${sourceId}${tries > 1 ? ` (${tries} tries)` : ''}`,
  ...failureLines(failure),
];

function verifiedLines(outcome: Verified): readonly string[] {
  const { sourceId, bytes, counts, durationSeconds, promoted, warnings } = outcome;
  const facts = [showBytes(bytes), showCounts(counts), showDuration(durationSeconds)].join(', ');
  const tiers = promoted.map((key) => parseArtifactKey(key)?.tier ?? key).join(', ');
  return [
    `  ${sourceId}`,
    ...wrapped(tiers === '' ? facts : `${facts}; copied to ${tiers}`, '    '),
    ...warnings.flatMap((warning) => hanging('    Warning: ', warning)),
  ];
}

const earlierLines = (ids: readonly string[]): readonly string[] =>
  ids.length === 0 ? [] : ['', 'VERIFIED BY AN EARLIER ATTEMPT', ...ids.map((id) => `  ${id}`)];

const foundLines = (notes: NonNullable<RunRecord['notes']>): readonly string[] =>
  notes.length === 0 ? [] : ['', 'FOUND', ...notes.flatMap(({ groupId, text }) => hanging(`  ${groupId}: `, text))];

function sweepLines(sweep: RunRecord['sweep']): readonly string[] {
  if (!sweep) return [];
  const { removed, aborted, warnings } = sweep;
  const left = [
    ...(aborted > 0 ? [`${plural(aborted, 'open upload')} aborted`] : []),
    ...(removed > 0 ? [`${plural(removed, 'object')} without a manifest removed`] : []),
  ];
  return [
    ...(left.length > 0 ? wrapped(`Left behind by earlier runs: ${left.join(', ')}.`, '') : []),
    ...warnings.flatMap((warning) => hanging('  Warning: ', warning)),
  ];
}

function offsiteLines(offsite: RunRecord['offsite']): readonly string[] {
  if (!offsite) return [];
  const { objects, copied, warnings } = offsite;
  return [
    ...wrapped(`Off-site: ${copied} of ${plural(objects, 'object')} of the run before have arrived.`, ''),
    ...warnings.flatMap((warning) => hanging('  Warning: ', warning)),
  ];
}

const notCoveredLines = (notCovered: readonly string[]): readonly string[] =>
  notCovered.length === 0 ? [] : ['', 'NOT BACKED UP, BY CHOICE', ...notCovered.flatMap((what) => hanging('  - ', what))];

function retentionLines(retention: RetentionSummary): readonly string[] {
  switch (retention.result) {
    case 'done':
      return [
        `Retention: ${plural(retention.kept, 'backup')} kept, ${retention.removed.toLocaleString('en-US')} removed.`,
        ...retention.warnings.flatMap((warning) => hanging('  Warning: ', warning)),
      ];
    case 'failed':
      return wrapped(`Retention failed, and what it did not reach stays: ${retention.detail}`, '');
    case 'skipped':
      return wrapped(`Retention: nothing was removed, ${retention.why}.`, '');
  }
}

function nextSteps({ slot, plan = NIGHTLY }: RunRecord, failed: readonly Failed[]): readonly string[] {
  const why = failed.length > 0 ? 'All details, the tries of each source among them:' : 'All details:';
  return ['', why, `  nightproof show ${slot}${plan === NIGHTLY ? '' : ` --plan ${plan}`}`];
}
