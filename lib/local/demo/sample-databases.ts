import { Client, type ClientConfig } from 'pg';
import type { PostgresServer } from '../servers/postgres-server.ts';

/** A database of the demo: SQL that fills it with data of a kind that real ones hold. */
interface SampleDatabase {
  readonly name: string;
  readonly holds: string;
  readonly sql: readonly string[];
}

/** Words, so that text compresses as text does and not as noise. */
const WORDS = `(ARRAY['night','proof','backup','restore','table','index','customer','invoice','order','shipment','garden','river',
  'paper','signal','window','letter','market','winter','summer','morning','engine','silver','harbour','mountain','library','station',
  'bridge','teacher','doctor','village','picture','answer'])`;

const sentence = (words: number, seed: string): string =>
  `(SELECT string_agg(${WORDS}[1 + (abs(hashint8(${seed} * 31 + w)) % 32)], ' ') FROM generate_series(1, ${words}) w)`;

/** Three databases, some 100 MB together. */
export const SAMPLE_DATABASES: readonly SampleDatabase[] = [
  {
    name: 'shop',
    holds: 'customers and orders with JSON, keys and a view',
    sql: [
      `CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, mail text UNIQUE, tags text[], since date)`,
      `INSERT INTO customer SELECT i, initcap(${sentence(2, 'i')}), 'customer' || i || '@example.com',
         ARRAY['tier' || i % 4, 'zone' || i % 17], date '2015-01-01' + i % 4000 FROM generate_series(1, 40000) i`,
      `CREATE TABLE purchase (id bigserial PRIMARY KEY, customer int NOT NULL REFERENCES customer, placed timestamptz NOT NULL,
         total numeric(10, 2) NOT NULL, lines jsonb NOT NULL)`,
      `INSERT INTO purchase (customer, placed, total, lines)
         SELECT 1 + i % 40000, timestamptz '2020-01-01 00:00Z' + i * interval '7 minutes', (i % 99999) / 100.0,
           jsonb_build_array(jsonb_build_object('sku', md5(i::text), 'count', 1 + i % 5, 'note', ${sentence(6, 'i')}))
         FROM generate_series(1, 120000) i`,
      `CREATE INDEX ON purchase (customer, placed)`,
      `CREATE VIEW best_customer AS SELECT customer, sum(total) AS spent FROM purchase GROUP BY customer ORDER BY spent DESC`,
    ],
  },
  {
    name: 'journal',
    holds: 'articles, attachments that do not compress, large objects',
    sql: [
      `CREATE TABLE article (id int PRIMARY KEY, title text, body text, published timestamptz)`,
      `INSERT INTO article SELECT i, ${sentence(5, 'i')}, ${sentence(120, 'i * 7')}, now() - i * interval '1 hour' FROM generate_series(1, 25000) i`,
      `CREATE TABLE attachment (id int PRIMARY KEY, article int REFERENCES article, content bytea)`,
      `INSERT INTO attachment SELECT i, i, (SELECT string_agg(sha512((i * 1000 + b)::text::bytea), ''::bytea) FROM generate_series(1, 256) b)
         FROM generate_series(1, 1200) i`,
      `SELECT lo_from_bytea(0, sha512(i::text::bytea)) FROM generate_series(1, 50) i`,
    ],
  },
  {
    name: 'meter',
    holds: 'readings in monthly partitions, a generated column',
    sql: [
      `CREATE TABLE reading (sensor int NOT NULL, at timestamptz NOT NULL, celsius numeric(6, 3) NOT NULL,
         fahrenheit numeric(7, 3) GENERATED ALWAYS AS (celsius * 9 / 5 + 32) STORED) PARTITION BY RANGE (at)`,
      ...Array.from(
        { length: 6 },
        (_, month) => `CREATE TABLE reading_2026_0${month + 1} PARTITION OF reading
          FOR VALUES FROM ('2026-0${month + 1}-01Z') TO ('2026-0${month + 2}-01Z')`,
      ),
      `INSERT INTO reading (sensor, at, celsius)
         SELECT i % 200, timestamptz '2026-01-01 00:00Z' + i * interval '40 seconds', (i % 60000) / 1000.0 FROM generate_series(1, 380000) i`,
      `CREATE TABLE sensor (id int PRIMARY KEY, place text)`,
      `INSERT INTO sensor SELECT i, ${sentence(3, 'i')} FROM generate_series(0, 199) i`,
    ],
  },
];

/** Makes the sample databases on a server, one after the other; tells of each when it is there, with its size in bytes. */
export async function makeSampleDatabases(
  server: PostgresServer,
  made: (name: string, holds: string, bytes: number) => void,
): Promise<void> {
  for (const { name, holds, sql } of SAMPLE_DATABASES) {
    await withClient(server.url('postgres'), (client) => client.query(`CREATE DATABASE ${name}`));
    const bytes = await withClient(server.url(name), async (client) => {
      for (const statement of sql) await client.query(statement);
      const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
      return Number(rows[0]?.bytes);
    });
    made(name, holds, bytes);
  }
}

/** Runs some work with a connection that is closed whatever happens. */
export async function withClient<T>(connection: string | ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(connection);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
