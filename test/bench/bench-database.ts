import { withClient } from '../../lib/local/demo/sample-databases.ts';
import type { PostgresServer } from '../../lib/local/servers/postgres-server.ts';

/** Rows at size 1, which is a database of about 1.7 GB. */
const ROWS = { paragraph: 32_768, article: 480_000, event: 700_000, attachment: 3_400, reading: 4_300_000 } as const;

/** Hash of a row number under a seed, as the number of a paragraph. */
const paragraph = (seed: number): string => `(hashint8extended(n, ${seed}) & ${ROWS.paragraph - 1})`;

/** Text of 6,000 words, the frequent ones very frequent, as language has them: gzip:6 packs it to a third. */
const VOCABULARY = [
  `SELECT setseed(0.5)`,
  `CREATE TABLE word AS SELECT n AS id, translate(left(md5(n::text), 2 + n % 8), '0123456789', 'aeiounrstl') AS text FROM generate_series(1, 6000) n`,
  `CREATE TABLE paragraph AS SELECT p - 1 AS id, string_agg(text, ' ') AS text
     FROM (SELECT p, ceil(6000 ^ random())::int AS id FROM generate_series(1, ${ROWS.paragraph}) p, generate_series(1, 36)) drawn
     JOIN word USING (id) GROUP BY p`,
  `ANALYZE word, paragraph`,
];

/** Each list is made over a connection of its own, at the same time. Text and JSON are half of the database, noise an eighth. */
const tables = (size: number): readonly (readonly string[])[] => {
  const series = (table: keyof typeof ROWS): string => `generate_series(1, ${Math.max(1, Math.round(ROWS[table] * size))}) n`;
  return [
    [
      `CREATE TABLE article (id bigint, title text, body text, published timestamptz)`,
      `INSERT INTO article SELECT n, left(a.text, 60), concat_ws(' ', a.text, b.text, c.text, d.text), timestamptz '2020-01-01Z' + n * interval '3 minutes'
         FROM ${series('article')} JOIN paragraph a ON a.id = ${paragraph(1)} JOIN paragraph b ON b.id = ${paragraph(2)}
         JOIN paragraph c ON c.id = ${paragraph(3)} JOIN paragraph d ON d.id = ${paragraph(4)}`,
      `CREATE TABLE attachment (id bigint, article bigint, content bytea)`,
      `ALTER TABLE attachment ALTER content SET STORAGE EXTERNAL`,
      `INSERT INTO attachment SELECT n, n, (SELECT string_agg(sha512((n * 1024 + b)::text::bytea), ''::bytea) FROM generate_series(1, 1024) b)
         FROM ${series('attachment')}`,
    ],
    [
      `CREATE TABLE event (id bigint, at timestamptz, payload jsonb)`,
      `INSERT INTO event SELECT n, timestamptz '2024-01-01Z' + n * interval '41 seconds', jsonb_build_object('user', n % 7919, 'session', md5(n::text),
           'path', '/' || replace(left(a.text, 24), ' ', '/'), 'status', 200 + n % 5, 'note', a.text, 'items', jsonb_build_array(n % 17, n % 31, n % 257))
         FROM ${series('event')} JOIN paragraph a ON a.id = ${paragraph(5)}`,
      `CREATE TABLE reading (sensor int, at timestamptz, celsius numeric(6, 3), pascal numeric(9, 2), volt double precision, state text)`,
      `INSERT INTO reading SELECT n % 500, timestamptz '2025-01-01Z' + n * interval '9 seconds', (hashint8(n) % 60000) / 1000.0,
           101325 + (hashint8(n + 1) % 90000) / 100.0, 3.3 + (hashint8(n + 2) % 1000) / 7777.0::float8, 'ok' FROM ${series('reading')}`,
    ],
  ];
};

/** No dump holds them, but they are a tenth or more of every database. */
const INDEXES = [
  [`ALTER TABLE reading ADD PRIMARY KEY (sensor, at)`],
  [
    `ALTER TABLE article ADD PRIMARY KEY (id)`,
    `CREATE INDEX ON article (published)`,
    `CREATE INDEX ON article (title)`,
    `ALTER TABLE event ADD PRIMARY KEY (id)`,
    `CREATE INDEX ON event (at)`,
  ],
];

/** Makes the database that is dumped; returns what PostgreSQL says it takes on disk. */
export async function makeBenchDatabase(server: PostgresServer, name: string, size: number): Promise<number> {
  await withClient(server.url('postgres'), (client) => client.query(`CREATE DATABASE ${name}`));
  const run = (statements: readonly string[]): Promise<void> =>
    withClient(server.url(name), async (client) => {
      // a table filled by the transaction that made it is not written to the log as well
      for (const statement of ['BEGIN', ...statements, 'COMMIT']) await client.query(statement);
    });
  await run(VOCABULARY);
  await Promise.all(tables(size).map(run));
  await Promise.all(INDEXES.map(run));
  return withClient(server.url(name), async (client) => {
    // the first reader of a row would else set its hint bits, and write the table anew
    await client.query('VACUUM ANALYZE');
    const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
    return Number(rows[0]?.bytes);
  });
}
