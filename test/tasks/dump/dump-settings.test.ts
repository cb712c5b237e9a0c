import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseReceipt } from '../../../lib/domain/backup/receipt.ts';
import type { DatabaseSource } from '../../../lib/domain/source/source.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { dumpDependencies, runTask, SLOT } from '../../support/dump-rig.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { VaultRig } from '../../support/vault-rig.ts';

let store: VaultRig;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());

const SHOP = `
  CREATE SCHEMA audit;
  CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY, note text); INSERT INTO orders (note) SELECT 'order' FROM generate_series(1, 30);
  CREATE TABLE secrets (id int GENERATED ALWAYS AS IDENTITY, note text); INSERT INTO secrets (note) VALUES ('hidden');
  CREATE TABLE "Cache" (id int); INSERT INTO "Cache" VALUES (1), (2);
  CREATE TABLE audit.log (id int); INSERT INTO audit.log SELECT generate_series(1, 40);
  CREATE TABLE audit.people (id int); INSERT INTO audit.people VALUES (1);
  CREATE ROLE narrow LOGIN PASSWORD 'narrow'; GRANT USAGE ON SCHEMA audit TO narrow;
  GRANT SELECT ON orders, orders_id_seq, "Cache", audit.log, audit.people TO narrow;
  CREATE ROLE owner_of_orders; ALTER TABLE orders OWNER TO owner_of_orders; GRANT SELECT ON orders TO narrow;`;

const TABLES = `SELECT format('%I.%I', table_schema, table_name) AS name
  FROM information_schema.tables WHERE table_schema IN ('public', 'audit')`;

describe.each(await DatabaseRig.majors())('what a source says of its dump, on PostgreSQL %i', (major) => {
  let server: DatabaseRig;
  let tests = 0;
  beforeAll(async () => {
    server = await DatabaseRig.start(major);
    await server.database('shop', SHOP);
  });
  afterAll(() => server.stop());

  async function run(settings: Partial<DatabaseSource>, as: Record<string, unknown> = {}) {
    const source = server.source('shop', { id: `set-${major}-${++tests}`, compression: 'gzip:1', ...settings });
    const deps = dumpDependencies({ server, store }, { credentials: server.credentials(as) });
    return { source, ...(await runTask(store, source, deps)) };
  }

  const receiptIn = ({ records }: Awaited<ReturnType<typeof run>>): DatabaseReceipt => {
    const [record] = records;
    if (record?.result !== 'receipt' || record.receipt.kind !== 'database') throw new Error(JSON.stringify(records));
    return record.receipt;
  };

  /** The tables of a database restored from an archive, and how many rows each has. */
  const restored = async (archive: string): Promise<Record<string, number>> => {
    const database = await server.restore(archive, `restored ${tests}`);
    const rows: Record<string, number> = {};
    for (const { name } of await server.sql<{ name: string }>(database, TABLES)) {
      const [counted] = await server.sql<{ rows: number }>(database, `SELECT count(*)::int AS rows FROM ${name}`);
      rows[name] = counted?.rows ?? 0;
    }
    return rows;
  };

  it('leaves out exactly the tables and the rows that it filters, and raises no warning over them', async () => {
    const traces = await run({ exclude: ['secrets', 'audit.p*'], excludeData: ['"Cache"', 'audit.log'] });
    const { warnings, contents } = receiptIn(traces);
    expect(warnings).toEqual([]);
    expect(contents.tables.map(({ schema, name, rows }) => [schema, name, rows])).toEqual([['public', 'orders', 30]]);
    expect(await restored(store.path(traces.objects[0] ?? ''))).toEqual({
      'audit.log': 0,
      'public."Cache"': 0,
      'public.orders': 30,
    });
  });

  it('warns of a filter that matches nothing: the table may have been renamed', async () => {
    const { warnings } = receiptIn(await run({ exclude: ['secrets', 'sekrets'], excludeData: ['audit.gone'] }));
    expect(warnings).toEqual([
      expect.stringMatching(/filter sekrets matches no table/),
      expect.stringMatching(/filter audit\.gone/),
    ]);
  });

  it('does not ask for the right to read what it leaves out', async () => {
    const narrow = { username: 'narrow', password: 'narrow' };
    expect(await run({}, narrow)).toMatchObject({
      exitCode: 1,
      objects: [],
      records: [{ failure: { reason: 'permission', detail: expect.stringContaining('table public.secrets') } }],
    });
    expect(receiptIn(await run({ exclude: ['secrets'] }, narrow)).warnings).toEqual([]);
  });

  it('asks for the right to lock a table whose rows alone are left out, and does not mind their row-level security', async () => {
    const narrow = { username: 'narrow', password: 'narrow' };
    expect(await run({ excludeData: ['secrets'] }, narrow)).toMatchObject({
      records: [{ failure: { reason: 'permission', detail: expect.stringContaining('table public.secrets') } }],
    });
    await server.sql('shop', 'ALTER TABLE audit.log ENABLE ROW LEVEL SECURITY');
    try {
      expect(await run({ exclude: ['secrets'] }, narrow)).toMatchObject({ records: [{ failure: { reason: 'row-security' } }] });
      expect(receiptIn(await run({ exclude: ['secrets'], excludeData: ['audit.log'] }, narrow)).warnings).toEqual([]);
    } finally {
      await server.sql('shop', 'ALTER TABLE audit.log DISABLE ROW LEVEL SECURITY');
    }
  });

  it('refuses a pattern that pg_dump does not understand', async () => {
    expect(await run({ exclude: ['a.b.c.d'] })).toMatchObject({
      exitCode: 1,
      objects: [],
      records: [{ failure: { reason: 'filter', retryable: false } }],
    });
  });

  it('leaves out grants where it is to be portable, and restores without owners', async () => {
    const listOf = async ({ objects }: Awaited<ReturnType<typeof run>>): Promise<string> =>
      server.program('pg_restore', ['--list', store.path(objects[0] ?? '')]);
    expect(await listOf(await run({}))).toMatch(/ ACL public TABLE orders /);
    const portable = await run({ portable: true });
    expect(await listOf(portable)).not.toMatch(/ ACL /);

    const other = await DatabaseRig.start(major);
    try {
      await other.database('other');
      await other.program('pg_restore', [
        '--exit-on-error',
        '--no-owner',
        '--dbname=other',
        store.path(portable.objects[0] ?? ''),
      ]);
      expect(await other.sql('other', 'SELECT count(*)::int AS rows FROM orders')).toEqual([{ rows: 30 }]);
    } finally {
      await other.stop();
    }
  });

  it('refuses a database that lacks an extension which it must have', async () => {
    expect(await run({ expectExtensions: ['plpgsql'] })).toMatchObject({ exitCode: 0 });
    expect(await run({ expectExtensions: ['plpgsql', 'postgis', 'hstore'] })).toMatchObject({
      exitCode: 1,
      objects: [],
      openUploads: [],
      records: [
        {
          failure: {
            reason: 'wrong-database',
            retryable: false,
            detail: 'the database has no extension postgis, hstore; it has plpgsql',
          },
        },
      ],
    });
  });

  it('refuses a dump that is smaller than it may be, and leaves nothing of it', async () => {
    expect(await run({ minBytes: 10_000_000 })).toMatchObject({
      exitCode: 1,
      objects: [],
      openUploads: [],
      records: [{ failure: { reason: 'too-small', retryable: false } }],
    });
    expect(await run({ minBytes: 1000 })).toMatchObject({ exitCode: 0, objects: [expect.any(String)] });
  });

  it('encrypts the dump, and what is decrypted again is the dump that was counted', async () => {
    const identity = await generateIdentity();
    const traces = await run({ recipients: [await identityToRecipient(identity)] });
    const { encryption, contents, bytes } = receiptIn(traces);
    expect(traces.objects).toEqual([`daily/${traces.source.id}_${SLOT}.dump.age`]);
    expect(contents.tables).toHaveLength(5);

    const stored = readFileSync(store.path(traces.objects[0] ?? ''));
    expect(stored.length).toBe(bytes);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const plain = await decrypter.decrypt(stored);
    expect(plain.length).toBe(encryption?.plainBytes);
    const file = join(scratchFolder(), 'plain.dump');
    writeFileSync(file, plain);
    expect(createHash('sha256').update(plain).digest('hex')).toBe(encryption?.plainSha256);
    expect(await restored(file)).toMatchObject({ 'public.orders': 30, 'public.secrets': 1 });
  });

  it('refuses a recipient that is none, before the server is asked for anything large', async () => {
    expect(await run({ recipients: [`age1${'q'.repeat(58)}`] })).toMatchObject({
      exitCode: 1,
      objects: [],
      openUploads: [],
      records: [{ failure: { reason: 'recipient', retryable: false } }],
    });
  });
});
