import type { Logger } from '@aws-lambda-powertools/logger';
import { countsOf } from '../../lib/domain/run/counts.ts';
import type { Ticker } from '../../lib/runtime/ticker.ts';
import type { DumpObserver } from './dump-job.ts';
import type { TaskReport } from './dump-task.ts';

const PROGRESS_EVERY_MS = 30_000;

/** Follows a backup in the log: what was decided, how far it is, how it ended. Names and numbers, no output of programs. */
export function taskLog(logger: Logger, ticker: Ticker): { observer: DumpObserver; report: TaskReport } {
  let toldAt = ticker.now();
  const observer: DumpObserver = {
    preflightPassed: (facts) => logger.info('Preflight:Passed', { ...facts }),
    streaming: ({ version, compression }) => logger.info('Dump:Streaming', { clientVersion: version, compression }),
    streamed(bytes) {
      if (ticker.now() - toldAt < PROGRESS_EVERY_MS) return;
      toldAt = ticker.now();
      logger.info('Dump:Progress', { bytes });
    },
    completing: ({ bytes, sha256, crc32 }) => logger.info('Dump:Completing', { bytes, sha256, crc32 }),
    leftBehind: (error) => logger.warn('Upload:LeftBehind', { cause: nameOf(error) }),
  };
  const report: TaskReport = {
    started: ({ source, slot }) => {
      logger.appendKeys({ sourceId: source.id, kind: source.kind, slot });
      logger.info('Dump:Started');
    },
    done: ({ how, receipt }) => {
      const { key, bytes, warnings } = receipt;
      logger.info(how === 'adopted' ? 'Dump:Adopted' : 'Dump:Stored', {
        key,
        bytes,
        counts: countsOf(receipt),
        warnings,
      });
    },
    failed: (facts, thrown) => logger.error('Dump:Failed', { ...facts, ...originOf(thrown) }),
    unrecorded: (error) => logger.error('Record:Failed', { cause: nameOf(error) }),
  };
  return { observer, report };
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

/** Where something unexpected was thrown, without its message, which may quote what must not be logged. */
function originOf(thrown: unknown): { origin?: string[] } {
  if (!(thrown instanceof Error) || thrown.name.startsWith('Nightproof.')) return {};
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { origin: frames.slice(0, 8).map((line) => line.trim()) };
}
