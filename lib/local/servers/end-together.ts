import { processGroup } from './process-group.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * For main programs: on Ctrl-C, SIGTERM or SIGHUP everything that was started is stopped first, then this process ends by
 * that signal. The same when the process that started it over a channel (bootstrap.mjs) is gone. `onEnd` runs at once,
 * to abort what is under way and to say so.
 */
export function endTogether(onEnd: () => void = () => undefined): void {
  let ending = false;
  // A terminal and the programs above may each send the same Ctrl-C: the first counts.
  const end = async (last: () => void): Promise<void> => {
    if (ending) return;
    ending = true;
    onEnd();
    await processGroup.stop();
    last();
  };
  for (const signal of SIGNALS) process.on(signal, () => void end(() => endBy(signal)));
  process.on('disconnect', () => void end(() => process.exit(1)));
  process.channel?.unref();
}

function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
