import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { restoreDump } from '../../lib/local/demo/restore-dump.ts';
import { fingerprints, type TableFingerprint } from '../../lib/local/demo/table-fingerprints.ts';
import type { PostgresServer } from '../../lib/local/servers/postgres-server.ts';

const MAX_SCRIPT_BYTES = 400 * 1024 ** 2;
const SHOWN = 10;

/** A dump, restored, against the database that it was made of. */
export interface Restored {
  /** Tables, and large objects as one, whose rows are not the same. */
  readonly differentTables: readonly string[];
  readonly rows: Readonly<Record<string, number>>;
  /** The first lines in which the two differ, written out as SQL with every definition and every row in order. */
  readonly differentLines: readonly string[];
}

/** A whole database, as the server itself reads it and as SQL. */
export interface Snapshot {
  readonly tables: readonly TableFingerprint[];
  readonly script: string;
}

/** Restores a dump with plain pg_restore of the server's own major into a new database, and compares the two whole. */
export async function restored(server: PostgresServer, dump: string, database: string, into: string): Promise<Restored> {
  await restoreDump(server, dump, into);
  return differences(await snapshotOf(server, database), await snapshotOf(server, into));
}

export async function snapshotOf(server: PostgresServer, database: string): Promise<Snapshot> {
  const { host, port, user, password } = server;
  const tables = await fingerprints({ host, port, user, password, database });
  return { tables, script: await scriptOf(server, database) };
}

export function differences(before: Snapshot, after: Snapshot): Restored {
  const now = new Map(after.tables.map(({ table, fingerprint }) => [table, fingerprint]));
  return {
    differentTables: before.tables.filter(({ table, fingerprint }) => now.get(table) !== fingerprint).map(({ table }) => table),
    rows: Object.fromEntries(before.tables.map(({ table, rows }) => [table, rows])),
    differentLines: before.script === after.script ? [] : differentLines(before.script, after.script),
  };
}

/** All of a database as SQL. Newer versions of pg_dump put a random word into the first and the last lines. */
async function scriptOf(server: PostgresServer, database: string): Promise<string> {
  const env = {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGPASSWORD: server.password,
    // by the environment a name is nothing but a name, also with "=" in it
    PGDATABASE: database,
    LC_ALL: 'C',
  };
  const { stdout } = await promisify(execFile)(`${server.install.binDir}/pg_dump`, ['--no-password'], {
    env,
    encoding: 'latin1',
    maxBuffer: MAX_SCRIPT_BYTES,
  });
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

function differentLines(before: string, after: string): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const length = Math.max(old.length, now.length);
  const found: string[] = [];
  for (let at = 0; at < length && found.length < SHOWN; at++)
    if (old[at] !== now[at]) found.push(`line ${at + 1}: ${old[at] ?? 'nothing'} / ${now[at] ?? 'nothing'}`);
  return found;
}
