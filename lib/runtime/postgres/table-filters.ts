import { parseTablePattern } from '../../domain/backup/table-pattern.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { DatabaseSource } from '../../domain/source/source.ts';
import type { ServerSession } from './server-connection.ts';

/** What a dump leaves out on purpose. */
export interface TableFilters {
  /** Relations without definition and rows, by oid. */
  readonly excluded: readonly string[];
  /** Relations without rows. */
  readonly withoutRows: readonly string[];
  /** Patterns that match nothing: what they meant may be in the dump under another name. */
  readonly idle: readonly string[];
}

export const NO_FILTERS: TableFilters = { excluded: [], withoutRows: [], idle: [] };

/** SQLSTATE of a pattern that is no regular expression. */
const INVALID_EXPRESSION = '2201B';

/** The kinds of relations that pg_dump's filters look at. */
const MATCHES = `
  SELECT c.oid::text AS oid
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p')
     AND c.relname::text ~ $1 COLLATE pg_catalog."default"
     AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
              ELSE n.nspname::text ~ $2 COLLATE pg_catalog."default" END`;

/** Asks the server what the filters of a source match just now. Throws where pg_dump would not understand one. */
export async function tableFilters(
  session: ServerSession,
  { exclude = [], excludeData = [] }: Pick<DatabaseSource, 'exclude' | 'excludeData'>,
): Promise<TableFilters> {
  const excluded = await matches(session, exclude);
  const withoutRows = await matches(session, excludeData);
  return { excluded: excluded.oids, withoutRows: withoutRows.oids, idle: [...excluded.idle, ...withoutRows.idle] };
}

async function matches(
  session: ServerSession,
  patterns: readonly string[],
): Promise<{ readonly oids: readonly string[]; readonly idle: readonly string[] }> {
  const oids: string[] = [];
  const idle: string[] = [];
  for (const pattern of patterns) {
    const found = await matchesOf(session, pattern);
    if (found.length === 0) idle.push(pattern);
    oids.push(...found);
  }
  return { oids, idle };
}

async function matchesOf(session: ServerSession, pattern: string): Promise<readonly string[]> {
  const parsed = parseTablePattern(pattern);
  if (!parsed) throw new Failure('filter', `the pattern ${pattern} has more than one dot`);
  try {
    const rows = await session.rows<{ readonly oid: string }>(MATCHES, [parsed.name, parsed.schema ?? null]);
    return rows.map(({ oid }) => oid);
  } catch (error) {
    if (!isInvalidExpression(error)) throw error;
    throw new Failure('filter', `the pattern ${pattern} is no regular expression to PostgreSQL`, { cause: error });
  }
}

const isInvalidExpression = (error: unknown): boolean =>
  error instanceof Failure && (error.cause as { code?: unknown } | undefined)?.code === INVALID_EXPRESSION;
