import { drillRecordKey } from '../backup/operation-keys.ts';
import { type FailureFacts, factsOf } from '../outcomes.ts';
import { fitted, plural } from '../plain-text.ts';
import { failureLines, hanging, MAX_BODY_BYTES, MAX_SUBJECT_CHARACTERS } from '../run/mail-lines.ts';
import type { Metric } from '../run/night-metrics.ts';
import { showDuration } from '../time/duration.ts';
import type { DrillPlan } from './drill-plan.ts';
import { type DrillEvidence, type DrillRecord, restoreSeconds } from './evidence.ts';

/** What is known of a drill run when it ends. */
export interface DrillEnd {
  readonly plan: DrillPlan;
  readonly finishedAt: Date;
  /** By the number of the item; absent where its task left none. */
  readonly evidence: ReadonlyMap<number, DrillEvidence>;
  /** Why the run ended before its time. */
  readonly failure?: FailureFacts | undefined;
}

type Drill = DrillRecord['drills'][number];

const NO_EVIDENCE = factsOf('interrupted', 'the drill left no evidence, so nothing is known of this backup');

/** What a drill run came to. A drill without evidence has failed: a backup is never called drilled because nobody said otherwise. */
export function buildDrillRecord({ plan, finishedAt, evidence, failure }: DrillEnd): DrillRecord {
  const drills = plan.items.map(({ n, key, sourceId, evidenceKey }): Drill => {
    const found = evidence.get(n);
    const common = { key, sourceId, evidenceKey };
    if (!found) return { ...common, result: 'failed', restoreSeconds: 0, failure: failure ?? NO_EVIDENCE };
    const seconds = restoreSeconds(found);
    return found.result === 'passed'
      ? { ...common, result: 'passed', restoreSeconds: seconds }
      : { ...common, result: 'failed', restoreSeconds: seconds, failure: found.failure };
  });
  const { name, execution, stamp, trigger } = plan;
  // nothing that could be drilled, of what should have been, is no success either
  const nothing = drills.length === 0 && plan.passedOver.length > 0;
  const status = failure || nothing || drills.some(({ result }) => result === 'failed') ? 'failed' : 'passed';
  return { version: 1, name, execution, stamp, trigger, finishedAt: finishedAt.toISOString(), status, drills };
}

/** `DrillSuccess` is 0 or 1 for every backup, by source, and for the run as a whole; how long a restore takes is known of those that passed. */
export const drillMetrics = ({ drills, status }: DrillRecord): readonly Metric[] => [
  { name: 'DrillSuccess', unit: 'Count', value: status === 'passed' ? 1 : 0 },
  ...drills.flatMap(({ sourceId, result, restoreSeconds: value }): Metric[] => [
    { name: 'DrillSuccess', unit: 'Count', value: result === 'passed' ? 1 : 0, sourceId },
    ...(result === 'passed' ? [{ name: 'RestoreSeconds', unit: 'Seconds', value, sourceId } satisfies Metric] : []),
  ]),
];

/** The mail of a drill run: what failed first, with table and difference. */
export function renderDrillReport(
  record: DrillRecord,
  { plan, evidence }: Pick<DrillEnd, 'plan' | 'evidence'>,
): {
  readonly subject: string;
  readonly body: string;
} {
  const { name, drills, status } = record;
  const failed = drills.filter(({ result }) => result === 'failed');
  const passed = drills.filter(({ result }) => result === 'passed');
  const said =
    drills.length === 0 ? 'nothing could be drilled' : `${passed.length} of ${drills.length} backups restored as they were`;
  const label = status === 'failed' ? 'FAILED' : 'OK';
  const byKey = new Map([...evidence.values()].map((one) => [one.key, one]));
  const lines = [
    `${label}: ${said}`,
    ...failed.flatMap((drill) => failedLines(drill, byKey.get(drill.key))),
    ...(passed.length > 0 ? ['', 'PASSED', ...passed.flatMap((drill) => passedLines(drill, byKey.get(drill.key)))] : []),
    ...(plan.passedOver.length > 0
      ? ['', 'NOT DRILLED', ...plan.passedOver.flatMap(({ sourceId, why }) => hanging(`  ${sourceId}: `, why))]
      : []),
    '',
    'All details:',
    `  nightproof show ${name}`,
  ];
  const cut = `(Cut here: the mail would be too long. The rest is in ${drillRecordKey(name)} in the vault.)`;
  const subject = `nightproof drill ${label}: ${said}, ${name}`;
  return { subject: subject.slice(0, MAX_SUBJECT_CHARACTERS), body: fitted(lines, MAX_BODY_BYTES, cut) };
}

function failedLines({ sourceId, key, failure }: Drill, evidence: DrillEvidence | undefined): readonly string[] {
  const differences = evidence?.result === 'failed' ? evidence.differences : [];
  return [
    '',
    `FAILED  ${sourceId}${evidence?.result === 'failed' ? ` (${evidence.phase})` : ''}`,
    ...hanging('  Backup      ', key),
    ...(failure ? failureLines(failure) : []),
    ...differences.flatMap(({ what, difference }) => hanging('  Differs     ', `${what}: ${difference}`)),
  ];
}

function passedLines({ sourceId, key, restoreSeconds: seconds }: Drill, evidence: DrillEvidence | undefined): readonly string[] {
  const { tables = 0, rows = 0, files = 0 } = evidence?.compared ?? {};
  const compared = files > 0 ? plural(files, 'file') : `${plural(tables, 'table')}, ${plural(rows, 'row')}`;
  return [
    `  ${sourceId}`,
    ...hanging('    ', `${key}: restored in ${showDuration(seconds)}, ${compared} compared`),
    ...(evidence?.skipped.length ? hanging('    Left out: ', evidence.skipped.join('; ')) : []),
    ...(evidence?.warnings ?? []).flatMap((warning) => hanging('    Warning: ', warning)),
  ];
}
