import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type ServerSession } from '../../../lib/runtime/postgres/server-connection.ts';
import { tableFilters } from '../../../lib/runtime/postgres/table-filters.ts';
import { DatabaseRig } from '../../support/database-rig.ts';

const TABLES = [
  'public.logs',
  'public.logs_2026',
  'public."Logs"',
  'public."a.b"',
  'public."a""b"',
  'public."a$b"',
  'public."[]"',
  'audit.logs',
  'audit."Events"',
  '"A B".t',
  'hidden.logs',
];

describe.each(await DatabaseRig.majors())('filters of tables on PostgreSQL %i', (major) => {
  let server: DatabaseRig;
  let session: ServerSession;
  beforeAll(async () => {
    server = await DatabaseRig.start(major);
    const tables = TABLES.map((table) => `CREATE TABLE ${table} (id int);`).join(' ');
    await server.database('shop', `CREATE SCHEMA audit; CREATE SCHEMA "A B"; CREATE SCHEMA hidden; ${tables}`);
    const { host, port, user, password } = server.server;
    const to = { database: 'shop', sslMode: 'disable' } as const;
    session = await openSession(to, { host, port, user, password }, new AbortController().signal);
  });
  afterAll(async () => {
    await session.close();
    await server.stop();
  });

  /** What pg_dump itself leaves out. */
  function left(pattern: string): { readonly code: number; readonly tables: readonly string[] } {
    const { host, port, user, password, install } = server.server;
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    const args = ['--schema-only', `--exclude-table=${pattern}`, '--dbname=shop'];
    try {
      const script = execFileSync(join(install.binDir, 'pg_dump'), args, { env, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
      const dumped = [...script.matchAll(/^CREATE TABLE (.*) \($/gm)].map(([, name]) => name ?? '');
      return { code: 0, tables: TABLES.filter((table) => !dumped.includes(table)).sort() };
    } catch {
      return { code: 1, tables: [] };
    }
  }

  async function found(pattern: string): Promise<readonly string[]> {
    const { excluded } = await tableFilters(session, { exclude: [pattern] });
    const rows = await session.rows<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY ($1::oid[]) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
      [excluded],
    );
    return rows.map(({ name }) => name).sort();
  }

  it.each([
    'logs',
    'LOGS',
    '"Logs"',
    'logs*',
    'logs_????',
    'audit.*',
    'audit.logs',
    'AUDIT."Events"',
    '*.logs',
    '"a.b"',
    '"a""b"',
    'a$b',
    '[]',
    '"A B".t',
    '"A B".*',
    'l(og|ag)s',
    'logs|"Logs"',
    'nothing',
    '*',
    '',
  ])('find exactly the tables that pg_dump leaves out: %s', async (pattern) => {
    expect({ code: 0, tables: await found(pattern) }).toEqual(left(pattern));
  });

  it.each(['a.b.c.d', 'logs(', 'a.logs('])('refuse what pg_dump refuses: %s', async (pattern) => {
    expect(left(pattern)).toMatchObject({ code: 1 });
    await expect(tableFilters(session, { exclude: [pattern] })).rejects.toMatchObject({
      reason: 'filter',
      message: expect.stringContaining(pattern),
    });
  });

  it('name those that match nothing', async () => {
    const filters = await tableFilters(session, { exclude: ['logs', 'gone'], excludeData: ['audit.*', 'audit.gone'] });
    expect(filters).toMatchObject({ idle: ['gone', 'audit.gone'] });
    expect([filters.excluded.length, filters.withoutRows.length]).toEqual([1, 2]);
  });
});
