import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseReceipt, DumpContents, TableContents } from '../../../lib/domain/backup/receipt.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { DRILL_FOLDERS, type DumpedDatabase, drilled, dumped, resealed } from '../../support/drill-rig.ts';
import { CLASS_ROLES, classesScript, objectClasses } from '../../support/object-classes.ts';
import { variedDatabase } from '../../support/varied-database.ts';

const SHOP = `
  CREATE TABLE orders (id serial PRIMARY KEY, what text NOT NULL, at timestamptz DEFAULT 'epoch', raw bytea);
  INSERT INTO orders (what, raw) SELECT 'thing number ' || g, decode(md5(g::text), 'hex') FROM generate_series(1, 500) g;
  CREATE TABLE customers (id int PRIMARY KEY, name text);
  INSERT INTO customers SELECT g, 'customer ' || g FROM generate_series(1, 50) g;
  SELECT lo_from_bytea(77, 'a large object');`;

/** By name: functions in C or that are leakproof, and what is made of them. */
const TAKES_A_SUPERUSER = [
  'SQL functions',
  'PL/pgSQL functions',
  'base types',
  'aggregates',
  'operator classes and families',
  'transforms',
  'languages',
  'text search',
  'access methods',
];

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
};

const withReceipt = (backup: DumpedDatabase, change: (receipt: DatabaseReceipt) => DatabaseReceipt): DumpedDatabase => ({
  ...backup,
  receipt: change(structuredClone(backup.receipt)),
});

const withTable = (backup: DumpedDatabase, name: string, facts: Partial<TableContents>): DumpedDatabase =>
  withContents(backup, ({ tables }) => ({
    tables: tables.map((table) => (table.name === name ? { ...table, ...facts } : table)),
  }));

const withContents = (backup: DumpedDatabase, change: (contents: DumpContents) => Partial<DumpContents>): DumpedDatabase =>
  withReceipt(backup, (receipt) => ({ ...receipt, contents: { ...receipt.contents, ...change(receipt.contents) } }));

const majors = await DatabaseRig.majors();

describe.each(majors)('a drill on PostgreSQL %i', (major) => {
  let rig: DatabaseRig;
  let shop: DumpedDatabase;
  let other: DumpedDatabase;
  beforeAll(async () => {
    rig = await DatabaseRig.start(major);
    await rig.database('shop', SHOP);
    shop = await dumped(rig, 'shop', 'none');
    await rig.database('other', SHOP.replace('number ', 'no. '));
    other = await dumped(rig, 'other');
  });
  afterAll(() => rig.stop());

  it('passes where all comes back: most kinds of contents', async () => {
    await rig.database('varied', variedDatabase({ contrib: rig.server.install.hasContrib }));
    const backup = await dumped(rig, 'varied');

    const { failure, notes } = await drilled(backup, { probes: ['SELECT count(*) = 2000 FROM plain'] });

    const rows = backup.receipt.contents.tables.reduce((sum, table) => sum + table.rows, 0);
    expect(failure).toBeUndefined();
    expect(notes.noted()).toMatchObject({
      compared: { tables: backup.receipt.contents.tables.length, rows },
      server: { version: rig.server.install.version },
      probes: [{ passed: true, answer: 'true' }],
      warnings: [],
    });
    expect(Object.keys(notes.noted().seconds)).toEqual(['fetch', 'server', 'restore', 'compare', 'probes']);
  });

  it('finds a single letter that is another, though the checksum agrees', async () => {
    const { failure } = await drilled(resealed(shop, flipped(shop.archive, shop.archive.indexOf('thing number 77') + 3)));
    expect(failure).toMatchObject({ reason: 'difference', detail: expect.stringContaining('public.orders: its 500 rows') });
  });

  it('passes in whatever time zone and spelling the source keeps its rows', async () => {
    await rig.database('abroad', SHOP);
    await rig.sql(
      'abroad',
      `ALTER DATABASE abroad SET timezone = 'Asia/Kolkata'; ALTER DATABASE abroad SET bytea_output = 'escape'`,
    );
    expect((await drilled(await dumped(rig, 'abroad'))).failure).toBeUndefined();
  });

  describe('fails before the archive is opened', () => {
    it.each<[string, (backup: DumpedDatabase) => DumpedDatabase, string]>([
      ['one bit is another', (it) => ({ ...it, archive: flipped(it.archive, it.archive.length >> 1) }), 'with SHA-256'],
      ['it was cut', (it) => ({ ...it, archive: it.archive.subarray(0, -1) }), 'read'],
      ['something was appended', (it) => ({ ...it, archive: Buffer.concat([it.archive, Buffer.from('x')]) }), 'more than'],
      ['it is another dump', (it) => ({ ...it, archive: other.archive }), 'the manifest says'],
      ['the manifest is of another backup', (it) => ({ ...it, receipt: other.receipt }), 'the manifest says'],
    ])('where %s', async (_, damage, said) => {
      const { failure, notes } = await drilled(damage(shop));
      expect(failure).toMatchObject({ reason: 'damaged', detail: expect.stringContaining(said) });
      expect([notes.phase, notes.server]).toEqual(['fetch', undefined]);
    });
  });

  describe.runIf(major === majors[0])('fails and names what differs, though the checksum agrees', () => {
    it.each<[string, (backup: DumpedDatabase) => DumpedDatabase, string, string]>([
      ['it is another dump', (it) => resealed(it, other.archive), 'public.orders', 'bytes in 500 rows'],
    ])('where %s', async (_, damage, what, said) => {
      const { failure, notes } = await drilled(damage(shop));
      expect(failure).toMatchObject({ reason: 'difference', detail: expect.stringContaining(what) });
      expect(notes.differences).toContainEqual({ what, difference: expect.stringContaining(said) });
      expect(notes.phase).toBe('compare');
    });

    it('where the manifest counts other tables, rows, objects or sequences, all at once', async () => {
      const backup = withContents(shop, ({ tables: [customers, orders], largeObjects }) => ({
        tables: [customers, { ...orders, rows: 499 }, { ...orders, name: 'returns' }].filter(
          (table) => table !== undefined,
        ) as TableContents[],
        largeObjects: { ...largeObjects, sha256: 'd'.repeat(64) },
        sequences: 2,
      }));
      const { notes } = await drilled(withTable(backup, 'customers', { sha256: 'd'.repeat(64) }));
      expect(notes.differences).toEqual([
        { what: 'public.customers', difference: expect.stringContaining('its 50 rows have other contents') },
        { what: 'public.orders', difference: '500 rows, backed up were 499' },
        { what: 'public.returns', difference: 'is missing; 500 rows were backed up' },
        { what: 'large objects', difference: 'have other contents than were backed up' },
        { what: 'sequences', difference: '1 have a value, backed up were 2' },
      ]);
    });

    it('where the manifest does not know a table', async () => {
      const { failure } = await drilled(withContents(shop, ({ tables }) => ({ tables: tables.slice(1) })));
      expect(failure?.detail).toContain('public.customers: is not in the backup, but has 50 rows');
    });

    it('where the archive was cut', async () => {
      const { failure, notes } = await drilled(resealed(shop, shop.archive.subarray(0, -400)));
      expect(failure).toMatchObject({ reason: 'restore', detail: expect.stringContaining('pg_restore') });
      expect(notes.phase).toBe('restore');
    });
  });
});

describe('a drill', () => {
  let rig: DatabaseRig;
  let shop: DumpedDatabase;
  beforeAll(async () => {
    rig = await DatabaseRig.start();
    await rig.database('shop', SHOP);
    shop = await dumped(rig, 'shop');
  });
  afterAll(() => rig.stop());

  it('fails where a probe does not say yes, and tells what each said', async () => {
    const probes = [
      'SELECT count(*) = 500 FROM orders',
      'SELECT false',
      'SELECT NULL::boolean',
      'SELECT true FROM generate_series(1, 2)',
      'SELECT true, true',
      "SELECT 'true'::text",
      'SELECT true FROM nowhere',
      'DELETE FROM orders RETURNING true',
      'SELECT true; DROP TABLE orders',
      'SELECT pg_sleep(60) IS NOT NULL',
      'SELECT (SELECT count(*) FROM orders) = 500',
    ];
    const { failure, notes } = await drilled(shop, { probes, limits: { probeSeconds: 0.5 } });
    expect(failure).toMatchObject({
      reason: 'probe',
      detail: '9 of 11 probes did not say yes; the first is "SELECT false": false',
    });
    expect(notes.probes.map(({ answer }) => answer)).toEqual([
      'true',
      'false',
      'null',
      '2 rows of 1 columns',
      '1 rows of 2 columns',
      'true',
      'SQLSTATE 42P01',
      'SQLSTATE 25006',
      'SQLSTATE 42601',
      'SQLSTATE 57014',
      'true',
    ]);
    expect(notes.phase).toBe('probes');
  });

  it('says what it needs where the server of that major is not here', async () => {
    const { failure } = await drilled(shop, { servers: [] });
    expect(failure).toMatchObject({ reason: 'version', detail: expect.stringContaining('needs a server of PostgreSQL 15') });
  });

  it('says what it needs where an extension is not here, and does not call it good', async () => {
    await rig.database('extended', 'CREATE EXTENSION citext; CREATE TABLE t (c citext);');
    const backup = await dumped(rig, 'extended', 'none');
    // the name of one that nobody has, of the same length
    const unknown = Buffer.from(backup.archive.toString('latin1').replaceAll('citext', 'nowher'), 'latin1');
    expect((await drilled(resealed(backup, unknown))).failure).toMatchObject({
      reason: 'extensions',
      detail: expect.stringContaining('not restorable here: needs nowher'),
    });
  });

  it.each(['server', 'restore', 'compare'] as const)('ends at once when it is told to in the phase %s', async (phase) => {
    const stop = new AbortController();
    const entered = (now: string): void => {
      if (now === phase) setImmediate(() => stop.abort(new Failure('cancelled', 'told to stop')));
    };
    expect((await drilled(shop, { signal: stop.signal, entered })).failure).toMatchObject({ reason: 'cancelled' });
  });

  it('restores policies for people who are not here, settings of sessions left out', async () => {
    await rig.sql('postgres', 'CREATE ROLE "some one"; CREATE ROLE clerk');
    await rig.database(
      'guarded',
      `${SHOP}
      ALTER TABLE orders ENABLE ROW LEVEL SECURITY; ALTER TABLE orders FORCE ROW LEVEL SECURITY;
      CREATE POLICY "their own" ON orders AS RESTRICTIVE FOR SELECT TO "some one", clerk, PUBLIC USING (what = 'TO nobody');
      GRANT SELECT ON orders TO clerk;
      CREATE FUNCTION at_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
      CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION at_ddl();
      CREATE PUBLICATION all_of_it FOR ALL TABLES; CREATE PUBLICATION "some" FOR TABLE customers;
      COMMENT ON EVENT TRIGGER watch IS 'watches'; COMMENT ON PUBLICATION "some" IS 'tells';`,
    );
    const { failure, notes } = await drilled(await dumped(rig, 'guarded'));
    expect(failure).toBeUndefined();
    expect(notes.noted().skipped).toEqual(
      expect.arrayContaining([
        'EVENT TRIGGER - watch',
        'PUBLICATION - all_of_it',
        'PUBLICATION - some',
        'PUBLICATION TABLE public some customers',
      ]),
    );
  });

  it('brings the rows of extensions and of foreign tables back as far as they were dumped, connected to nothing', async () => {
    await rig.database(
      'linked',
      `CREATE SCHEMA apart; CREATE EXTENSION hstore SCHEMA apart; CREATE EXTENSION postgres_fdw; CREATE EXTENSION dblink;
      CREATE TABLE apart.h (h apart.hstore); INSERT INTO apart.h VALUES ('a=>1');
      CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
      CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user 'u', password 'p');
      CREATE FOREIGN TABLE there (a int) SERVER far; CREATE VIEW over_there AS SELECT * FROM there;
      CREATE FOREIGN DATA WRAPPER own;`,
    );
    expect((await drilled(await dumped(rig, 'linked'))).failure).toBeUndefined();
  });

  it('brings back every class of objects that takes no superuser', async () => {
    await rig.sql('postgres', CLASS_ROLES.map((role) => `CREATE ROLE ${role};`).join(' '));
    await rig.database('classes');
    const session = await rig.session('classes');
    const classes = objectClasses(rig.server.install.major).filter(({ name }) => !TAKES_A_SUPERUSER.includes(name));
    for (const script of classesScript(classes)) await session.query(script);
    await session.end();

    expect((await drilled(await dumped(rig, 'classes'))).failure).toBeUndefined();
    expect(classes.length).toBeGreaterThanOrEqual(60);
  });

  it('names what only a superuser could restore, and does not call it good', async () => {
    await rig.database('deep', 'CREATE OPERATOR FAMILY odd USING btree');
    expect((await drilled(await dumped(rig, 'deep'))).failure).toMatchObject({
      reason: 'permission',
      detail: expect.stringContaining(
        'not restorable here: the archive holds what only a superuser may make or do: OPERATOR FAMILY public odd;',
      ),
    });
  });

  it.each(['SQL_ASCII', 'LATIN1', 'UTF8'])('brings back a database in %s', async (encoding) => {
    const name = `in_${encoding.toLowerCase()}`;
    await rig.sql('postgres', `CREATE DATABASE ${name} ENCODING ${encoding} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
    await rig.sql(name, `SET client_encoding = 'UTF8'; CREATE TABLE "café" (t text); INSERT INTO "café" VALUES ('né ici');`);
    const { failure, notes } = await drilled(await dumped(rig, name));
    expect([failure, notes.noted().warnings]).toEqual([undefined, []]);
  });
});

it('leaves no folder of a drill', () => {
  const folders = readdirSync(dirname(DRILL_FOLDERS)).filter((name) => name.startsWith(basename(DRILL_FOLDERS)));
  expect(folders).toEqual([]);
});
