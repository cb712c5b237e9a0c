import { Failure, type Reason } from '../../lib/domain/outcomes.ts';
import { lockHolders } from '../../lib/runtime/postgres/lock-holders.ts';
import type { ProgramEnded } from '../../lib/runtime/postgres/program-ended.ts';
import type { ServerSession } from '../../lib/runtime/postgres/server-connection.ts';

/** How long the server may take to say why a program ended. */
const EXPLANATION_LIMIT_MS = 30_000;

/** Reasons that stand on their own: had the server said so before, there would have been no dump. */
const STANDING: ReadonlySet<Reason> = new Set(['auth', 'no-database', 'permission', 'row-security']);

export interface ExitCircumstances {
  readonly seconds: number;
  readonly lockWaitSeconds: number;
  readonly signal: AbortSignal;
  /** Opens a session like that of the program. */
  readonly openSession: (signal: AbortSignal) => Promise<ServerSession>;
  /** Throws where the role lacks a right that the program needs. */
  readonly refuse: (session: ServerSession) => Promise<unknown>;
}

/**
 * Why pg_dump (or pg_dumpall) did not end with 0. It says so only in prose, without SQLSTATE (libpq has no setting for that), and prose is not
 * matched here. So the server is asked again: what it refuses now, it refused then. pg_dump takes all its locks before it
 * writes its first byte; an exit without a byte, after the time it may wait for a lock, is a lock that it did not get.
 * All else counts as truncated: the exit is certain, its cause is in the log of the server.
 */
export async function explainExit(ended: ProgramEnded, circumstances: ExitCircumstances): Promise<Failure> {
  const because = (reason: Reason, detail: string) => new Failure(reason, detail, { cause: ended });
  const detail = ended.message;
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

interface Answer {
  readonly refusal?: Failure;
  readonly holders: readonly string[];
}

async function askAgain({ signal, openSession, refuse }: ExitCircumstances): Promise<Answer> {
  try {
    const session = await openSession(AbortSignal.any([signal, AbortSignal.timeout(EXPLANATION_LIMIT_MS)]));
    try {
      await refuse(session);
      return { holders: await lockHolders(session) };
    } finally {
      await session.close();
    }
  } catch (error) {
    return error instanceof Failure ? { refusal: error, holders: [] } : { holders: [] };
  }
}
