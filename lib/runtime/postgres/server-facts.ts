import type { TableName } from './copy-statement.ts';
import { DUMPED_RELATIONS } from './dumped-relations.ts';
import type { ServerSession } from './server-connection.ts';
import { NO_FILTERS, type TableFilters } from './table-filters.ts';

/** What a server says of itself and of one database. */
export interface ServerFacts {
  readonly version: string;
  readonly major: number;
  readonly databaseBytes: number;
  readonly standby: boolean;
  /** Tables whose rows a dump holds, as the catalogue has them now; a change while the dump starts makes a difference. */
  readonly tables: readonly TableName[];
  /** What a complete dump by this role will not have. */
  readonly warnings: readonly string[];
}

interface FactsRow {
  readonly version: string;
  readonly number: string;
  readonly bytes: string;
  readonly standby: boolean;
  readonly subscriptions: string;
}

const FACTS = `
  SELECT current_setting('server_version') AS version,
         current_setting('server_version_num') AS number,
         pg_database_size(current_database()) AS bytes,
         pg_is_in_recovery() AS standby,
         (SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
           WHERE d.datname = current_database()
             AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)) AS subscriptions`;

/** Unlogged tables have no rows on a standby. */
const TABLES = `
  WITH ${DUMPED_RELATIONS}
  SELECT nspname AS schema, relname AS name FROM dumped
   WHERE relkind = 'r' AND oid <> ALL ($2::oid[]) AND NOT (relpersistence = 'u' AND pg_is_in_recovery())`;

export async function serverFacts(session: ServerSession, filters: TableFilters = NO_FILTERS): Promise<ServerFacts> {
  const [facts] = await session.rows<FactsRow>(FACTS);
  if (!facts) throw new Error('a SELECT without FROM returned no row');
  return {
    version: facts.version,
    major: Math.floor(Number(facts.number) / 10_000),
    databaseBytes: Number(facts.bytes),
    standby: facts.standby,
    tables: await session.rows<TableName>(TABLES, [filters.excluded, filters.withoutRows]),
    warnings: [
      ...filters.idle.map((pattern) => `the filter ${pattern} matches no table: what it is there for may be in the dump`),
      ...(facts.standby ? ['dumped from a standby: rows of unlogged tables are not included'] : []),
      ...(facts.subscriptions === '0'
        ? []
        : [`${facts.subscriptions} subscriptions are not included: only a superuser may read them`]),
    ],
  };
}
