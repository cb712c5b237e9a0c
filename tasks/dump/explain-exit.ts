import { Failure, type Reason } from '../../lib/domain/outcomes.ts';
import { showExit } from '../../lib/runtime/child.ts';
import { lockHolders } from '../../lib/runtime/postgres/lock-holders.ts';
import type { ServerSession } from '../../lib/runtime/postgres/server-connection.ts';
import { refuseUnreadable } from '../../lib/runtime/postgres/unreadable-objects.ts';
import type { PgDumpEnded } from './dump-stream.ts';

/** Reasons that stand on their own: had the server said so before, there would have been no dump. */
const STANDING: ReadonlySet<Reason> = new Set(['auth', 'no-database', 'permission', 'row-security']);

export interface ExitCircumstances {
  readonly seconds: number;
  readonly lockWaitSeconds: number;
  /** Opens a session like that of pg_dump. */
  readonly openSession: () => Promise<ServerSession>;
}

/**
 * Why pg_dump did not end with 0. It says so only in prose, without SQLSTATE (libpq has no setting for that), and prose is not
 * matched here. So the server is asked again: what it refuses now, it refused then. pg_dump takes all its locks before it
 * writes its first byte; an exit without a byte, after the time it may wait for a lock, is a lock that it did not get.
 * All else counts as truncated: the exit is certain, its cause is in the log of the server.
 */
export async function explainExit(ended: PgDumpEnded, circumstances: ExitCircumstances): Promise<Failure> {
  const because = (reason: Reason, detail: string) => new Failure(reason, detail, { cause: ended });
  const detail = `pg_dump: ${showExit(ended.exit)} after ${ended.bytes} bytes`;
  // it did not decide to end: it was killed
  if (ended.exit.code === null) return because('truncated', detail);

  const waited = ended.bytes === 0 && circumstances.seconds >= circumstances.lockWaitSeconds;
  const { refusal, holders } = await askAgain(circumstances);
  if (refusal && STANDING.has(refusal.reason)) return because(refusal.reason, `${refusal.message} (${detail})`);
  if (waited && !refusal) {
    const who = holders.length > 0 ? `; locked now: ${holders.join(', ')}` : '';
    return because('lock-timeout', `no lock within ${circumstances.lockWaitSeconds} s${who} (${detail})`);
  }
  if (refusal && ended.bytes === 0) return because(refusal.reason, `${refusal.message} (${detail})`);
  return because('truncated', refusal ? `${detail}; asked again, the server is ${refusal.reason}` : detail);
}

async function askAgain({ openSession }: ExitCircumstances): Promise<{ refusal?: Failure; holders: readonly string[] }> {
  try {
    const session = await openSession();
    try {
      await refuseUnreadable(session);
      return { holders: await lockHolders(session) };
    } finally {
      await session.close();
    }
  } catch (error) {
    return error instanceof Failure ? { refusal: error, holders: [] } : { holders: [] };
  }
}
