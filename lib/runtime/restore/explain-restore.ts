import { Failure } from '../../domain/outcomes.ts';
import { showExit } from '../child.ts';
import type { ServerAccess } from '../postgres/server-access.ts';
import { showEntry } from './failed-entry.ts';
import type { RestoreEnded } from './run-restore.ts';
import { type TargetFacts, targetFacts } from './target-facts.ts';

/** How long the server may take to say whether it is there. */
const ANSWER_LIMIT_MS = 30_000;

/**
 * Why pg_restore did not end with 0. It names the entry that it was at in a fixed form; why, it says only in prose, which is not
 * matched here. A server that is gone, or was started again meanwhile, is reason enough.
 */
export async function explainRestore(
  ended: RestoreEnded,
  maintenance: ServerAccess,
  before: TargetFacts,
  signal: AbortSignal,
): Promise<Failure> {
  const { exit, entry } = ended;
  const detail = `pg_restore: ${showExit(exit)}${entry ? ` at ${showEntry(entry)}` : ''}`;
  if (exit.error) return new Failure('internal', detail, { cause: ended });
  if (exit.signal) return new Failure('interrupted', detail, { cause: ended });
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    const now = await maintenance.ask(limited, (session) => targetFacts(session, ''));
    if (now.startedAt !== before.startedAt)
      return new Failure('busy', `${detail}; the server was started again meanwhile`, { cause: ended });
  } catch (error) {
    if (error instanceof Failure) return new Failure(error.reason, `${error.message} (${detail})`, { cause: ended });
    return new Failure('unreachable', `the server did not answer any more (${detail})`, { cause: ended });
  }
  return new Failure('restore', detail, { cause: ended });
}
