import type { PresentObjects } from '../../domain/restore/present-objects.ts';
import type { ServerSession } from '../postgres/server-connection.ts';

const PRESENT = `
  SELECT 'relation' AS kind, n.nspname AS schema, c.relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL SELECT 'type', n.nspname, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  UNION ALL SELECT DISTINCT 'function', n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  UNION ALL SELECT 'schema', '', nspname FROM pg_namespace
  UNION ALL SELECT 'extension', '', extname FROM pg_extension
  UNION ALL SELECT 'publication', '', pubname FROM pg_publication`;

/** What a database has that tables of a backup can lean on. */
export async function presentObjects(session: ServerSession): Promise<PresentObjects> {
  const rows = await session.rows<{ kind: string; schema: string; name: string }>(PRESENT);
  const keys = new Set(rows.map(({ kind, schema, name }) => JSON.stringify([kind, schema, name])));
  return { has: (kind, schema, name) => keys.has(JSON.stringify([kind, schema, name])) };
}
