import type { Client, ClientConfig } from 'pg';
import { withClient } from './sample-databases.ts';

/** Rows of a table and a fingerprint of their contents that does not depend on their order. */
export interface TableFingerprint {
  readonly table: string;
  readonly rows: number;
  readonly fingerprint: string;
}

const TABLES = `
  SELECT format('%I.%I', nspname, relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE relkind IN ('r', 'm') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
  ORDER BY 1`;

/** Reads every table of a database whole, by the server itself: independent of everything that made the dump. */
export const fingerprints = (connection: ClientConfig): Promise<TableFingerprint[]> =>
  withClient(connection, async (client) => {
    const { rows } = await client.query<{ name: string }>(TABLES);
    const tables: TableFingerprint[] = [];
    for (const { name } of rows) tables.push(await fingerprint(client, name, `SELECT t::text AS line FROM ${name} t`));
    tables.push(
      await fingerprint(client, 'large objects', `SELECT oid || encode(lo_get(oid), 'hex') AS line FROM pg_largeobject_metadata`),
    );
    return tables.filter(({ table, rows: count }) => count > 0 || table !== 'large objects');
  });

/** Two sums of 64-bit hashes under different seeds: equal for equal rows, whatever their order. */
async function fingerprint(client: Client, table: string, lines: string): Promise<TableFingerprint> {
  const { rows } = await client.query<{ count: string; a: string; b: string }>(
    `SELECT count(*) AS count, coalesce(sum(hashtextextended(line, 1)), 0) AS a, coalesce(sum(hashtextextended(line, 2)), 0) AS b FROM (${lines}) x`,
  );
  const [{ count, a, b }] = rows as [{ count: string; a: string; b: string }];
  return { table, rows: Number(count), fingerprint: `${BigInt(a).toString(16)}/${BigInt(b).toString(16)}` };
}
