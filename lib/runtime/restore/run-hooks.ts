import type { ServerSession } from '../postgres/server-connection.ts';
import { refusedAs } from './sql-state.ts';

/** How long one statement may take. */
const STATEMENT_LIMIT = '30min';

/** Runs statements of the operator's in one transaction. Throws `hook` with the number of the one that was refused. */
export async function runHooks(session: ServerSession, when: 'before' | 'after', statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return;
  await session.rows(`BEGIN; SET LOCAL statement_timeout = '${STATEMENT_LIMIT}'`);
  for (const [index, statement] of statements.entries()) {
    try {
      await session.rows(statement);
    } catch (error) {
      throw refusedAs('hook', `${when}.sql, statement ${index + 1} of ${statements.length}`, error);
    }
  }
  await session.rows('COMMIT');
}
