import type { PostgresServer } from '../servers/postgres-server.ts';
import { processGroup } from '../servers/process-group.ts';
import { withClient } from './sample-databases.ts';
import { fingerprints, type TableFingerprint } from './table-fingerprints.ts';

/** One table before and after, and whether it is the same. */
export interface ComparedTable {
  readonly table: string;
  readonly rows: number;
  readonly restoredRows: number;
  readonly same: boolean;
}

/** Restores a dump file into a new database with plain pg_restore: no part of nightproof is used. Throws where pg_restore fails. */
export async function restoreDump(server: PostgresServer, dump: string, into: string): Promise<void> {
  await withClient(server.url('postgres'), (client) => client.query(`CREATE DATABASE ${client.escapeIdentifier(into)}`));
  const { code } = await runPgRestore(server, ['--exit-on-error', '--single-transaction', `--dbname=${into}`, '--', dump]);
  if (code !== 0) throw new Error(`pg_restore ended with exit code ${code}`);
}

/** Runs the server's own pg_restore, and says only how it ended. The password goes by the environment, as for any libpq program. */
export async function runPgRestore(server: PostgresServer, args: readonly string[]): Promise<{ readonly code: number | null }> {
  const env = { PGHOST: server.host, PGPORT: String(server.port), PGUSER: server.user, PGPASSWORD: server.password, LC_ALL: 'C' };
  const { closed } = processGroup.spawn(`${server.install.binDir}/pg_restore`, args, { env, stdio: 'ignore' });
  return closed;
}

/** Compares two databases of a server table by table, by what the server reads from them. */
export async function compareDatabases(server: PostgresServer, before: string, after: string): Promise<ComparedTable[]> {
  const { host, port, user, password } = server;
  // by fields: of a URL pg decodes only part, so that "a=b" would be looked for as "a%3Db"
  const tables = (database: string) => fingerprints({ host, port, user, password, database });
  const source = await tables(before);
  const restored = new Map((await tables(after)).map((table): [string, TableFingerprint] => [table.table, table]));
  return source.map(({ table, rows, fingerprint }) => ({
    table,
    rows,
    restoredRows: restored.get(table)?.rows ?? 0,
    same: restored.get(table)?.fingerprint === fingerprint,
  }));
}
