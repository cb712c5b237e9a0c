import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { withClient } from '../../lib/local/demo/sample-databases.ts';
import type { PostgresServer } from '../../lib/local/servers/postgres-server.ts';

const VALUE_BYTES = 1_000_000;

/** A file number that no table of a new server has. */
const PADDING = '999999999';

/**
 * Makes a database whose dump without compression has some `bytes`, though it takes a hundredth of that on disk: PostgreSQL
 * keeps long values compressed and pg_dump reads them as they are.
 */
export async function makeLongStream(server: PostgresServer, name: string, bytes: number): Promise<void> {
  const rows = Math.max(1, Math.round(bytes / VALUE_BYTES));
  await withClient(server.url('postgres'), (client) => client.query(`CREATE DATABASE ${name}`));
  await withClient(server.url(name), async (client) => {
    await client.query(`CREATE TABLE long (content text)`);
    await client.query(`INSERT INTO long SELECT repeat('twenty-five bytes of text', ${VALUE_BYTES / 25})`);
    // a copy of a row takes the compressed value along, so that no value is compressed twice
    await client.query(`INSERT INTO long SELECT content FROM long, generate_series(2, ${rows})`);
  });
}

/**
 * Lets a database look as large as its dump, as most are, by a file that is all hole: the task plans the parts of its upload
 * by the size that PostgreSQL tells, which is the sum of the files in the database's folder.
 */
export async function padDatabase(server: PostgresServer, name: string, bytes: number): Promise<void> {
  const folder = await withClient(server.url(name), async (client) => {
    const { rows } = await client.query<{ folder: string }>(
      `SELECT current_setting('data_directory') || '/base/' || oid AS folder FROM pg_database WHERE datname = current_database()`,
    );
    return rows[0]?.folder ?? '';
  });
  const file = openSync(join(folder, PADDING), 'w', 0o644);
  ftruncateSync(file, bytes);
  closeSync(file);
}
