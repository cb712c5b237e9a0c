import type { PostgresServer } from '../servers/postgres-server.ts';
import { nightproof } from './nightproof-command.ts';
import { withClient } from './sample-databases.ts';
import { fingerprints, type TableFingerprint } from './table-fingerprints.ts';

/** The table that is lost: it has keys, rows that do not compress, and another table that it refers to. */
export const LOST_TABLE = 'attachment';

/** What an operator types to bring a table back into the database that it was lost from. */
export const bringBack = (dir: string, config: string, database: string): readonly string[] =>
  // the source itself is written to, and that is meant
  `restore --latest ${database} --target main --table public.${LOST_TABLE} --mode in-place --over-source`
    .split(' ')
    .concat('--local', dir, '--config', config, '--confirm', `main/${database}`);

/** What became of a table that was dropped and restored. */
export interface BroughtBack {
  readonly code: number;
  readonly rows: number;
  /** Whether this table and every other one of the database are as they were. */
  readonly same: boolean;
}

/** Drops a table in its database, restores it, and looks whether the whole database is as it was. */
export async function loseAndBringBack(
  server: PostgresServer,
  database: string,
  command: readonly string[],
): Promise<BroughtBack> {
  const { host, port, user, password } = server;
  const login = { host, port, user, password, database };
  const before = await fingerprints(login);
  await withClient(server.url(database), (client) => client.query(`DROP TABLE ${LOST_TABLE} CASCADE`));
  const code = await nightproof(...command);
  const after = await fingerprints(login);
  return { code, rows: rowsOf(after), same: JSON.stringify(after) === JSON.stringify(before) };
}

const rowsOf = (tables: readonly TableFingerprint[]): number =>
  tables.find(({ table }) => table === `public.${LOST_TABLE}`)?.rows ?? 0;
