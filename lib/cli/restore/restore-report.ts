import type { FailureFacts } from '../../domain/outcomes.ts';
import { plural } from '../../domain/plain-text.ts';
import { goBackLines } from '../../domain/restore/go-back.ts';
import type { RestorePlan } from '../../domain/restore/restore-plan.ts';
import type { RestoreItemRecord, RestoreRecord } from '../../domain/restore/restore-record.ts';
import { quoted } from '../../domain/restore/statements-of.ts';
import { showDuration } from '../../domain/time/duration.ts';
import type { Backend } from '../place/backend.ts';
import type { LostEnd } from '../place/lost-execution.ts';
import { findingLines } from '../show/finding-lines.ts';
import { fields, hanging, showInstant } from '../terminal/fields.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { contentWords, itemWords, secondsOf } from './item-words.ts';
import type { ItemView, RestoreView } from './restore-view.ts';

type Fact = readonly [label: string, text: string];

/** What a restore did, or how far it is: what failed first, since that is what somebody has to act on. */
export function restoreLines(view: RestoreView, backend: Backend, terminal: Terminal, now: Date): readonly string[] {
  const { plan, items, record, findings } = view;
  const failed = items.filter((one) => one.record?.result === 'failed');
  const others = items.filter((one) => one.record?.result !== 'failed');
  return [
    headline(view, terminal),
    '',
    ...fields(facts(view, backend, now)),
    ...(record?.failure ? ['', ...wholeFailure(record.failure, terminal)] : []),
    ...[...failed, ...others].flatMap((one) => ['', ...itemLines(one, plan, terminal)]),
    ...(findings.length > 0 ? ['', ...findingLines(findings, terminal)] : []),
  ];
}

/** What is there then can be half done: an abort asks nobody. */
const LEFT_NO_RECORD: Readonly<Record<LostEnd, string>> = {
  aborted: 'aborted by somebody, before it could leave a record',
  'timed out': 'by its time limit, before it could leave a record',
  failed: 'failed before it could leave a record; the execution has why',
  ended: 'without a record; the log of its last step has why',
};

const LABELS = {
  restored: ['RESTORED', 'good'],
  warning: ['RESTORED, WITH WARNINGS', 'doubtful'],
  failed: ['FAILED', 'bad'],
} as const;

function headline({ plan, items, ended, record, lost }: RestoreView, terminal: Terminal): string {
  const done = items.filter((one) => one.record?.result === 'restored').length;
  const open = lost ? ([lost.toUpperCase(), 'bad'] as const) : (['RUNNING', 'doubtful'] as const);
  const [label, tone] = record ? LABELS[record.status] : ended ? (['ENDED', 'bad'] as const) : open;
  return `Restore ${plan.name}: ${terminal.paint(tone, label)}, ${done} of ${plural(items.length, 'backup')} restored`;
}

function facts({ plan, record, services, lost }: RestoreView, { vault, name }: Backend, now: Date): readonly Fact[] {
  const { requestedAt, targetName, target, request } = plan;
  const began = new Date(requestedAt);
  const until = record ? new Date(record.finishedAt) : now;
  const took = showDuration(Math.max(0, (until.getTime() - began.getTime()) / 1000));
  const { probe } = target.after;
  return [
    ['Target', targetName],
    ['Started', showInstant(began)],
    [
      'Ended',
      record ? `${showInstant(until)}, took ${took}` : lost ? LEFT_NO_RECORD[lost] : `not yet; it has been running for ${took}`,
    ],
    ...(request.reason === undefined ? [] : [['Reason', request.reason] as const]),
    ...servicesFact(record, services),
    ...(probe && record && !record.failure && record.status !== 'failed'
      ? [['Probe', `${probe.url} answered as it should`] as const]
      : []),
    ['Vault', `${vault.bucket} (${name})`],
    ['Execution', plan.execution],
  ];
}

function servicesFact(record: RestoreRecord | undefined, stopped: RestoreView['services']): readonly Fact[] {
  if (!record) {
    const names = stopped?.services.map(({ service }) => service) ?? [];
    return names.length > 0 ? [['Services', `stopped meanwhile: ${names.join(', ')}`]] : [];
  }
  if (record.services.length === 0) return [];
  const words = record.services.map(({ service, desiredCount, running }) =>
    running
      ? `${service} runs again (${plural(desiredCount, 'task')})`
      : `${service} DOES NOT RUN, it had ${plural(desiredCount, 'task')}`,
  );
  return [['Services', words.join(', ')]];
}

const wholeFailure = (failure: FailureFacts, terminal: Terminal): readonly string[] => [
  terminal.paint('bad', 'THE RESTORE AS A WHOLE FAILED'),
  ...failureLines(failure),
];

const failureLines = ({ reason, detail, remedy }: FailureFacts): readonly string[] => [
  ...hanging('  Reason      ', `${reason}: ${detail}`),
  ...hanging('  What to do  ', remedy),
];

function itemLines(view: ItemView, plan: RestorePlan, terminal: Terminal): readonly string[] {
  const { item, record } = view;
  if (!record) return [`${item.sourceId}: ${itemWords(view)}`, ...hanging('  Backup      ', item.key)];
  if (record.result === 'restored') return restoredLines(record, plan, terminal);
  return [
    `${terminal.paint('bad', 'FAILED')}  ${item.sourceId}, in phase ${record.phase}`,
    ...hanging('  Backup      ', item.key),
    ...failureLines(record.failure),
    ...hanging('  The target  ', record.left ?? 'is as it was before'),
  ];
}

type Restored = Extract<RestoreItemRecord, { result: 'restored' }>;

function restoredLines(record: Restored, plan: RestorePlan, terminal: Terminal): readonly string[] {
  const { item, restored, seconds, warnings } = record;
  const { verify, restore, compare } = seconds;
  return [
    `${terminal.paint('good', 'restored')}  ${item.sourceId}`,
    ...hanging('  Backup      ', item.key),
    ...hanging('  Now at      ', placeWords(restored, plan)),
    ...hanging('  Contents    ', contentWords(restored)),
    ...hanging(
      '  Took        ',
      `${showDuration(secondsOf(record))} (reading it whole ${showDuration(verify)}, restoring ${showDuration(restore)}, comparing ${showDuration(compare)})`,
    ),
    ...formerLines(record, plan),
    ...warnings.flatMap((warning) => hanging('  Warning     ', warning)),
  ];
}

function placeWords(restored: Restored['restored'], { targetName }: RestorePlan): string {
  switch (restored.kind) {
    case 'database':
      return `database ${JSON.stringify(restored.database)} on ${targetName} (PostgreSQL ${restored.server.version})`;
    case 'globals':
      return `roles and settings of ${targetName}`;
    case 'tree':
      return `folder ${JSON.stringify(restored.folder)} on the volume of ${targetName}`;
  }
}

/** What was there before, and how to get rid of it or to go back to it. */
function formerLines({ restored }: Restored, { stamp }: RestorePlan): readonly string[] {
  if (restored.kind === 'globals' || restored.before === undefined) return [];
  if (restored.kind === 'tree') return hanging('  Before      ', `kept as folder ${JSON.stringify(restored.before)}`);
  const { database, before } = restored;
  return [
    ...hanging('  Before      ', `kept as database ${quoted(before)}`),
    ...goBackLines({ database, before, stamp }).map((line) => `    ${line}`),
  ];
}
