import type { ServerSession } from './server-connection.ts';

/**
 * Sessions that keep a dump from reading a table, as `public.orders (process 4711)`: reading conflicts with ACCESS EXCLUSIVE
 * only, held or waited for, since the queue for a lock is kept in order.
 */
export async function lockHolders(session: ServerSession): Promise<readonly string[]> {
  const rows = await session.rows<{ readonly holder: string }>(`
    SELECT format('%I.%I (process %s)', n.nspname, c.relname, l.pid) AS holder
      FROM pg_locks l
      JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
      JOIN pg_class c ON c.oid = l.relation
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
       AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
     ORDER BY l.granted DESC, holder LIMIT 3`);
  return rows.map(({ holder }) => holder);
}
