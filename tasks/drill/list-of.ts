import { text } from 'node:stream/consumers';
import { Failure } from '../../lib/domain/outcomes.ts';
import { PLAIN_LOCALE, showExit, startChild, succeeded } from '../../lib/runtime/child.ts';
import { whenAborted } from '../../lib/runtime/when-aborted.ts';

/** What `pg_restore --list` prints of an archive. */
export async function listOf(pgRestore: string, archive: string, signal: AbortSignal): Promise<string> {
  const child = startChild({ program: pgRestore, args: ['--list', archive], env: PLAIN_LOCALE });
  try {
    const [list, exit] = await Promise.race([Promise.all([text(child.stdout), child.exited]), whenAborted(signal)]);
    if (!succeeded(exit)) throw new Failure('restore', `pg_restore --list cannot read the archive (${showExit(exit)})`);
    return list;
  } finally {
    await child.stop();
  }
}
