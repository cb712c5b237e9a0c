import { plural } from '../../domain/plain-text.ts';
import type { Backend } from '../place/backend.ts';
import { findingLines } from '../show/finding-lines.ts';
import { fields, hanging, showInstant } from '../terminal/fields.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { DrillItemView, DrillView } from './drill-view.ts';
import { drillWords } from './drill-words.ts';
import { evidenceLines } from './evidence-lines.ts';

export const hasFailed = ({ evidence, recorded }: DrillItemView): boolean =>
  evidence?.result === 'failed' || recorded?.result === 'failed';
const hasPassed = (item: DrillItemView): boolean => !hasFailed(item) && item.evidence?.result === 'passed';

/** What a drill run showed, or how far it is; failures first. */
export function drillLines(view: DrillView, { vault, name }: Backend, terminal: Terminal): readonly string[] {
  const { plan, items, record, findings } = view;
  const inOrder = [...items.filter(hasFailed), ...items.filter((item) => !hasFailed(item))];
  return [
    headline(view, terminal),
    '',
    ...fields([
      ['Trigger', plan.trigger === 'schedule' ? 'the schedule' : 'by hand'],
      ...(plan.reason === undefined ? [] : [['Reason', plan.reason] as const]),
      ...(record ? [['Ended', showInstant(new Date(record.finishedAt))] as const] : []),
      ['Vault', `${vault.bucket} (${name})`],
      ['Execution', plan.execution],
    ]),
    ...inOrder.flatMap((item) => ['', ...itemLines(item, terminal)]),
    ...(plan.passedOver.length > 0
      ? ['', 'Not drilled:', ...plan.passedOver.flatMap(({ sourceId, why }) => hanging(`  ${sourceId}: `, why))]
      : []),
    ...(findings.length > 0 ? ['', ...findingLines(findings, terminal)] : []),
  ];
}

function headline({ plan, items, ended, record, lost }: DrillView, terminal: Terminal): string {
  const passed = items.filter(hasPassed).length;
  const counted = `${passed} of ${plural(items.length, 'backup')} restored and compared`;
  const label = !ended
    ? lost
      ? terminal.paint('bad', `${lost.toUpperCase()}, WITHOUT A RECORD`)
      : terminal.paint('doubtful', 'RUNNING')
    : record?.status === 'passed' && passed === items.length
      ? terminal.paint('good', 'PASSED')
      : terminal.paint('bad', 'FAILED');
  return `Drill ${plan.name}: ${label}, ${counted}`;
}

function itemLines(view: DrillItemView, terminal: Terminal): readonly string[] {
  const { item, evidence, recorded } = view;
  if (evidence && !(recorded?.result === 'failed' && evidence.result === 'passed')) {
    const passed = evidence.result === 'passed';
    return [
      `${passed ? terminal.paint('good', 'passed') : terminal.paint('bad', 'FAILED')}  ${item.key}`,
      ...evidenceLines(evidence, terminal),
    ];
  }
  if (!recorded?.failure) return [`${drillWords(view)}  ${item.key}`];
  const { reason, detail, remedy } = recorded.failure;
  return [
    `${terminal.paint('bad', 'FAILED')}  ${item.key}`,
    ...hanging('  Reason      ', `${reason}: ${detail}`),
    ...hanging('  What to do  ', remedy),
  ];
}
