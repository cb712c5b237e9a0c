import { type DrillEvidence, restoreSeconds } from '../../domain/drill/evidence.ts';
import { plural } from '../../domain/plain-text.ts';
import { showDuration } from '../../domain/time/duration.ts';
import type { DrillItemView } from './drill-view.ts';

/** How a drill stands, on one line. */
export function drillWords({ evidence, recorded }: DrillItemView): string {
  if (evidence) return evidence.result === 'passed' ? `passed (${passedWords(evidence)})` : failedWords(evidence);
  if (recorded?.failure) return `FAILED (${recorded.failure.reason}: ${recorded.failure.detail})`;
  return recorded ? recorded.result : 'under way';
}

/** `restored in 12 s; 12 tables, 1,204,331 rows as they were backed up` */
const passedWords = (evidence: DrillEvidence): string =>
  `restored in ${showDuration(restoreSeconds(evidence))}; ${comparedWords(evidence)} as they were backed up`;

const failedWords = ({ phase, failure }: Extract<DrillEvidence, { result: 'failed' }>): string =>
  `FAILED in ${phase} (${failure.reason}: ${failure.detail})`;

/** What was compared, in the numbers of its kind. */
export function comparedWords({ compared: { tables, rows, files } }: Pick<DrillEvidence, 'compared'>): string {
  if (files > 0) return plural(files, 'file');
  return `${plural(tables, 'table')}, ${plural(rows, 'row')}`;
}
