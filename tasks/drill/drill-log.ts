import type { Logger } from '@aws-lambda-powertools/logger';
import { restoreSeconds } from '../../lib/domain/drill/evidence.ts';
import type { DrillReport } from './drill-task.ts';

/** Follows a drill in the log: names and numbers, no statements, no addresses. */
export function drillLog(logger: Logger): DrillReport {
  return {
    started: ({ key, sourceId, receipt }) => {
      logger.appendKeys({ key, sourceId });
      logger.info('Drill:Started', { bytes: receipt.bytes });
    },
    entered: (phase) => logger.info('Drill:Phase', { phase }),
    done: (evidence, stored) => {
      const { result, seconds, compared, skipped, warnings } = evidence;
      logger.info(result === 'passed' ? 'Drill:Passed' : 'Drill:Failed', {
        seconds,
        compared,
        warnings,
        restoreSeconds: restoreSeconds(evidence),
        skipped: skipped.length,
        ...(!stored && { evidence: 'was there already' }),
      });
    },
    failed: (facts, thrown) => logger.error('Drill:Failure', { ...facts, ...originOf(thrown) }),
  };
}

/** Where something unexpected was thrown, without its message, which may quote what must not be logged. */
function originOf(thrown: unknown): { origin?: string[] } {
  if (!(thrown instanceof Error) || thrown.name.startsWith('Nightproof.')) return {};
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { origin: frames.slice(0, 8).map((line) => line.trim()) };
}
