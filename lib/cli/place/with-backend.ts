import { Interrupted } from '../terminal/cli-error.ts';
import type { Backend, Place, Purpose } from './backend.ts';
import type { CliContext } from './context.ts';

/**
 * Opens a place, works there, and closes it whatever happened. Ctrl-C ends what only looks; a run and a download say themselves what becomes of them.
 * What was interrupted while it opened ends with this process.
 */
export async function withBackend<T>(
  { open, interrupt }: CliContext,
  place: Place,
  purpose: Purpose,
  work: (backend: Backend) => Promise<T>,
): Promise<T> {
  const backend = await orInterrupted(open(place, purpose), interrupt);
  try {
    return await (purpose.does === 'read' ? orInterrupted(work(backend), interrupt) : work(backend));
  } finally {
    await backend.close();
  }
}

async function orInterrupted<T>(work: Promise<T>, interrupt: AbortSignal): Promise<T> {
  const interrupted = Promise.withResolvers<never>();
  const giveUp = (): void => interrupted.reject(new Interrupted());
  if (interrupt.aborted) giveUp();
  interrupt.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, interrupted.promise]);
  } finally {
    interrupt.removeEventListener('abort', giveUp);
  }
}
