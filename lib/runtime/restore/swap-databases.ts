import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../domain/outcomes.ts';
import { quoted } from '../../domain/restore/statements-of.ts';
import type { ServerAccess } from '../postgres/server-access.ts';
import type { ServerSession } from '../postgres/server-connection.ts';
import { refusedAs, sqlStateOf } from './sql-state.ts';

export interface Swap {
  /** The restored database, to which nobody is connected. */
  readonly restored: string;
  /** The name that it is to have. */
  readonly name: string;
  /** The name that the database of that name is to have; undefined where there is none. */
  readonly before: string | undefined;
  /** Statements for the database under its new name. */
  readonly statements: readonly string[];
}

/** A rename waits five seconds by itself for sessions to end. */
const TRIES = 2;
const END_SESSIONS_EVERY_MS = 100;

/** SQLSTATEs of `object_in_use` and `duplicate_database`. */
const IN_USE = '55006';
const TAKEN = '42P04';

/**
 * Gives the restored database its name, in one transaction with the renaming of the one that had it. That one's rename keeps new
 * sessions out from its first moment on, and while it waits for those that are there, they are ended.
 */
export async function swapDatabases(maintenance: ServerAccess, swap: Swap, signal: AbortSignal): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      await maintenance.ask(signal, (session) => renameAll(session, maintenance, swap, signal));
      return;
    } catch (error) {
      signal.throwIfAborted();
      const state = sqlStateOf(error);
      if (state === TAKEN) throw new Failure('target', `a database ${swap.name} has come into being meanwhile`, { cause: error });
      if (state !== IN_USE) throw refusedAs('restore', `giving the restored database its name`, error);
      if (tried === TRIES) throw await busy(maintenance, swap, signal, error);
    }
  }
}

async function renameAll(session: ServerSession, maintenance: ServerAccess, swap: Swap, signal: AbortSignal): Promise<void> {
  const { restored, name, before, statements } = swap;
  await session.rows('BEGIN');
  if (before !== undefined) {
    const renamed = session.rows(rename(name, before));
    await Promise.all([renamed, endSessions(maintenance, name, signal, renamed)]);
  }
  await session.rows(rename(restored, name));
  for (const statement of statements) await session.rows(statement);
  await session.rows('COMMIT');
}

/** What makes the restored database the one of that name; the second statement by hand, too. */
const rename = (from: string, to: string): string => `ALTER DATABASE ${quoted(from)} RENAME TO ${quoted(to)}`;

/** Ends sessions of a database again and again until `until` settles. */
async function endSessions(
  maintenance: ServerAccess,
  database: string,
  signal: AbortSignal,
  until: Promise<unknown>,
): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  until.then(end, end);
  await maintenance.ask(signal, async (session) => {
    while (!ended.signal.aborted) {
      const pids = await session.rows<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database]);
      // one by one: a session of a superuser is refused, and must not keep the others
      for (const { pid } of pids) await session.rows('SELECT pg_terminate_backend($1)', [pid]).catch(() => undefined);
      await pause(END_SESSIONS_EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  });
}

async function busy(maintenance: ServerAccess, swap: Swap, signal: AbortSignal, cause: unknown): Promise<Failure> {
  const { restored, name, before } = swap;
  const holders = await maintenance.ask(signal, (session) =>
    session.rows<{ readonly holder: string }>(
      `SELECT DISTINCT format('%s (%s)', coalesce(usename, backend_type), coalesce(nullif(application_name, ''), 'no name')) AS holder
         FROM pg_stat_activity WHERE datname = $1 ORDER BY holder LIMIT 5`,
      [name],
    ),
  );
  const who = holders.map(({ holder }) => holder).join(', ') || 'prepared transactions, or sessions that come and go';
  const byHand = [...(before === undefined ? [] : [rename(name, before)]), rename(restored, name)].join('; ');
  return new Failure('target-busy', `${name} stayed in use by ${who}. Restored is ${restored}. By hand: ${byHand};`, { cause });
}
