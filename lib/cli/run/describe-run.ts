import type { FailureFacts } from '../../domain/outcomes.ts';
import { plural } from '../../domain/plain-text.ts';
import type { RetentionSummary } from '../../domain/retention/retention-record.ts';
import type { Plan } from '../../domain/run/plan.ts';
import { artifactKeyOf } from '../../domain/source/artifact-of.ts';
import { showDuration } from '../../domain/time/duration.ts';
import type { Backend } from '../place/backend.ts';
import { findingLines } from '../show/finding-lines.ts';
import { fields, hanging, showCount, showInstant } from '../terminal/fields.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import { planFlag, showRunName } from './run-name.ts';
import type { RunState } from './run-output.ts';
import { runTable } from './run-table.ts';
import type { RunView, SourceView } from './run-view.ts';

/** One attempt at a slot, and what has to be known beside it. */
export interface ShownRun {
  readonly view: RunView;
  readonly state: RunState;
  readonly attempts: number;
  /** Sources of the run that are left out here. */
  readonly others: number;
  readonly now: Date;
}

/** What an operator wants to know of a run: what failed and what to do about it, and what is safe. */
export function describeRun(shown: ShownRun, backend: Backend, terminal: Terminal): readonly string[] {
  const { view } = shown;
  const failed = view.sources.filter(({ step }) => step === 'failed');
  return [
    headline(shown, terminal),
    '',
    ...fields(facts(shown, backend)),
    ...(view.record?.failure
      ? ['', terminal.paint('bad', 'THE RUN AS A WHOLE FAILED'), ...failureLines(view.record.failure)]
      : []),
    ...(view.sources.length > 0 ? ['', ...runTable(view.sources, terminal)] : []),
    ...failed.flatMap((source) => failedLines(source, terminal)),
    ...warningLines(view, terminal),
    ...noteLines(view),
    ...(view.record ? ['', ...retentionLines(view.record.retention)] : []),
    ...(view.findings.length > 0 ? ['', ...findingLines(view.findings, terminal)] : []),
    ...nextLines(shown, backend),
  ];
}

const LABELS = { ok: 'OK', warning: 'WARNING', failed: 'FAILED' } as const;
/** Where there is no record, or none that can be read. */
const UNRECORDED = {
  running: ['RUNNING', 'doubtful'],
  ended: ['ENDED', 'bad'],
  lost: ['LOST', 'bad'],
} as const satisfies Record<RunState, readonly [string, Tone]>;
const TONES = { ok: 'good', warning: 'doubtful', failed: 'bad' } as const;

function headline({ view: { plan, sources, record }, state, others }: ShownRun, terminal: Terminal): string {
  const verified = sources.filter(({ step }) => step === 'verified').length;
  const counted = `${verified} of ${plural(sources.length, 'source')} verified${others > 0 ? ` (${others} more in the run)` : ''}`;
  const [label, tone]: readonly [string, Tone] = record ? [LABELS[record.status], TONES[record.status]] : UNRECORDED[state];
  return `Run ${showRunName(plan)}: ${terminal.paint(tone, label)}, ${counted}`;
}

function facts(
  { view: { plan, record }, state, attempts, now }: ShownRun,
  { vault, name }: Backend,
): readonly (readonly [string, string])[] {
  const began = new Date(plan.claimedAt);
  const until = record ? new Date(record.finishedAt) : now;
  const took = showDuration(Math.max(0, (until.getTime() - began.getTime()) / 1000));
  return [
    ['Started', `${showInstant(began)}, ${plan.trigger === 'schedule' ? 'by the schedule' : 'by hand'}`],
    ...(plan.lateSeconds === undefined
      ? []
      : ([['Late', `it started ${showDuration(plan.lateSeconds)} after its time`]] as const)),
    ...(plan.reason === undefined ? [] : ([['Reason', plan.reason]] as const)),
    record ? ['Ended', `${showInstant(until)}, took ${took}`] : (['Ended', openEnd(plan, state, took)] as const),
    ...(attempts > 1 ? ([['Attempt', `${plan.attempt} of ${attempts}`]] as const) : []),
    ['Vault', `${vault.bucket} (${name})`],
    ['Execution', plan.execution],
  ];
}

function openEnd({ leaseUntil }: Plan, state: RunState, took: string): string {
  if (state === 'running') return `not yet; it has been running for ${took}`;
  if (state === 'ended') return 'its record cannot be read, see below';
  return `without a record. Whoever ran it cannot be alive since ${showInstant(new Date(leaseUntil))}`;
}

function failedLines({ sourceId, outcome, tries }: SourceView, terminal: Terminal): readonly string[] {
  if (outcome?.status !== 'failed') return [];
  const seen = tries.flatMap((one) => (one.result === 'failure' ? [one] : []));
  const timed = seen.map(({ at, failure }) => `${showInstant(new Date(at))}  ${failure.reason}: ${failure.detail}`);
  return [
    '',
    `${terminal.paint('bad', 'FAILED')}  ${sourceId}`,
    ...failureLines(outcome.failure),
    ...(timed.length > 1 ? timed.flatMap((text, at) => hanging(`  Try ${at + 1}       `, text)) : []),
  ];
}

const failureLines = ({ reason, detail, remedy }: FailureFacts): readonly string[] => [
  ...hanging('  Reason      ', `${reason}: ${detail}`),
  ...hanging('  What to do  ', remedy),
];

function warningLines({ sources }: RunView, terminal: Terminal): readonly string[] {
  const lines = sources.flatMap(({ sourceId, outcome }) =>
    outcome?.status === 'verified' ? outcome.warnings.flatMap((warning) => hanging(`  ${sourceId}: `, warning)) : [],
  );
  return lines.length > 0 ? ['', terminal.paint('doubtful', 'WARNINGS'), ...lines] : [];
}

/** What its groups turned out to hold. */
function noteLines({ found }: RunView): readonly string[] {
  const notes = found?.notes ?? [];
  return notes.length > 0 ? ['', 'FOUND', ...notes.flatMap(({ groupId, text }) => hanging(`  ${groupId}: `, text))] : [];
}

function retentionLines(retention: RetentionSummary): readonly string[] {
  if (retention.result === 'failed')
    return hanging('Retention: ', `failed, and what it did not reach stays: ${retention.detail}`);
  if (retention.result === 'skipped') return hanging('Retention: ', `nothing was removed, ${retention.why}`);
  return [
    `Retention: ${plural(retention.kept, 'backup')} kept, ${showCount(retention.removed)} removed`,
    ...retention.warnings.flatMap((warning) => hanging('  Warning: ', warning)),
  ];
}

/** What the reader most probably types next. */
function nextLines({ view: { plan, sources }, state }: ShownRun, { flags }: Backend): readonly string[] {
  const verified = sources.flatMap(({ step, source }) => (step === 'verified' && source ? [source] : []))[0];
  const open = state === 'running' ? [] : sources.filter(({ step }) => step !== 'verified').map(writtenId);
  const lines = [
    ...(verified ? [`A backup in detail:  nightproof show ${artifactKeyOf(verified, plan.slot)}${flags}`] : []),
    ...(open.length > 0
      ? [`Once it is mended:   nightproof run ${idsOf(open, plan)}--slot ${plan.slot}${planFlag(plan)}${flags}`]
      : []),
  ];
  return lines.length > 0 ? ['', ...lines] : [];
}

/** A slot of the schedule is finished as a whole; of one by hand only what it was started for. */
const idsOf = (open: readonly string[], { trigger }: Plan): string =>
  trigger === 'schedule' ? '' : `${[...new Set(open)].join(' ')} `;

/** What stands in the configuration: of a source that was found, its group. */
const writtenId = ({ sourceId, source }: SourceView): string =>
  (source && 'foundBy' in source ? source.foundBy : undefined) ?? sourceId;
