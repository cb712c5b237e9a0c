import { type DrillEvidence, restoreSeconds } from '../../domain/drill/evidence.ts';
import { showDuration } from '../../domain/time/duration.ts';
import { hanging } from '../terminal/fields.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { comparedWords } from './drill-words.ts';

/** As many differences as fit on a screen; --json has all. */
const MOST_DIFFERENCES = 10;

/** What a drill showed, below a line that names it. */
export function evidenceLines(evidence: DrillEvidence, terminal: Terminal): readonly string[] {
  const { seconds, server, skipped, probes, warnings } = evidence;
  const phases = Object.entries(seconds).map(([phase, took]) => `${phase} ${showDuration(took)}`);
  const failed = evidence.result === 'failed' ? failureLines(evidence) : [];
  return [
    ...failed,
    // one that failed before has restored nothing
    ...(seconds.restore === undefined
      ? []
      : hanging(
          '  Restored    ',
          `in ${showDuration(restoreSeconds(evidence))}${server ? `, into PostgreSQL ${server.version}` : ''}`,
        )),
    ...(phases.length > 0 ? hanging('  Phases      ', phases.join(', ')) : []),
    ...hanging(
      '  Compared    ',
      evidence.result === 'passed' ? `${comparedWords(evidence)}: equal to the backup` : comparedWords(evidence),
    ),
    ...(probes.length > 0 ? probeLines(probes, terminal) : []),
    ...(skipped.length > 0 ? hanging('  Left out    ', `what only a superuser may restore: ${skipped.join('; ')}`) : []),
    ...warnings.flatMap((warning) => hanging('  Warning     ', warning)),
  ];
}

function failureLines({ phase, failure, differences }: Extract<DrillEvidence, { result: 'failed' }>): readonly string[] {
  const shown = differences.slice(0, MOST_DIFFERENCES);
  const hidden = differences.length - shown.length;
  return [
    ...hanging('  Reason      ', `${failure.reason}, in ${phase}: ${failure.detail}`),
    ...shown.flatMap(({ what, difference }) => hanging('  Difference  ', `${what}: ${difference}`)),
    ...(hidden > 0 ? [`              and ${hidden} more; --json has all of them`] : []),
    ...hanging('  What to do  ', failure.remedy),
  ];
}

function probeLines(probes: DrillEvidence['probes'], terminal: Terminal): readonly string[] {
  const passed = probes.filter((one) => one.passed).length;
  return [
    ...hanging('  Probes      ', `${passed} of ${probes.length} answered with yes`),
    ...probes
      .filter((one) => !one.passed)
      .flatMap(({ sql, answer }) => hanging(`    ${terminal.paint('bad', 'NO')}: `, `${sql} (answered ${answer})`)),
  ];
}
