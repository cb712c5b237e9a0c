/**
 * The dump task as a process of its own. With a number as its argument it kills itself outright when so many bytes of the stream
 * have passed, as the last thing before it would take the next.
 */
import { run } from '../../../tasks/dump/run.ts';

const killAt = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);

process.exit(
  await run((log) => ({
    ...log,
    streamed(bytes, processes) {
      log.streamed?.(bytes, processes);
      if (bytes >= killAt) process.kill(process.pid, 'SIGKILL');
    },
  })),
);
