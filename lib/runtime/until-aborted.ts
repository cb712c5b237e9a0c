import { whenAborted } from './when-aborted.ts';

/** The same items, until the signal aborts: then its reason is thrown, also where the next item never comes. */
export async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator = items[Symbol.asyncIterator]();
  const aborted = whenAborted(signal);
  // it may abort when nobody waits
  aborted.catch(() => undefined);
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // not waited for: one that hangs would hang here as well
    void iterator.return?.()?.catch(() => undefined);
  }
}
