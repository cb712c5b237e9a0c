import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseManifest } from '../../../lib/runtime/restore/restore-job.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { backedUp, restoreJob, restoreTraced } from '../../support/restore-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

/** Tables with all that can hang on a table, and others around them. */
const SHOP = `
  CREATE SCHEMA shop; CREATE TYPE shop.state AS ENUM ('open', 'done'); CREATE DOMAIN shop.amount AS numeric CHECK (VALUE >= 0);
  CREATE FUNCTION shop.fresh() RETURNS text LANGUAGE sql AS $$ SELECT 'new' $$;
  CREATE FUNCTION shop.watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TABLE shop.customers (id int PRIMARY KEY); INSERT INTO shop.customers SELECT generate_series(1, 9);
  CREATE TABLE shop.staff (who text);
  CREATE TABLE shop.orders (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, customer int NOT NULL REFERENCES shop.customers, state shop.state DEFAULT 'open',
    total shop.amount, note text DEFAULT shop.fresh(), twice int GENERATED ALWAYS AS (2) STORED, CONSTRAINT short CHECK (length(note) < 100));
  INSERT INTO shop.orders (customer, total) SELECT 1 + g % 9, g FROM generate_series(1, 200) g;
  CREATE TABLE "shop".lines (id int PRIMARY KEY, of int REFERENCES shop.orders ON DELETE CASCADE);
  INSERT INTO shop.lines SELECT g, g FROM generate_series(1, 50) g;
  CREATE INDEX late ON shop.orders (lower(note)) WHERE state = 'open';
  ALTER TABLE shop.orders ADD CONSTRAINT one UNIQUE (n, id);
  CREATE STATISTICS shop.both ON customer, state FROM shop.orders;
  CREATE TRIGGER "on change" BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.watch();
  CREATE RULE quiet AS ON DELETE TO shop.orders WHERE OLD.id < 0 DO ALSO INSERT INTO shop.staff VALUES ('x');
  ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
  CREATE POLICY mine ON shop.orders TO tables_reader USING (EXISTS (SELECT FROM shop.staff WHERE who = CURRENT_USER));
  CREATE POLICY theirs ON shop.staff USING (EXISTS (SELECT FROM shop.lines));
  COMMENT ON TABLE shop.orders IS 'what was ordered'; COMMENT ON COLUMN shop.orders.note IS 'n'; COMMENT ON CONSTRAINT short ON shop.orders IS 's';
  COMMENT ON TRIGGER "on change" ON shop.orders IS 't'; COMMENT ON INDEX shop.late IS 'i'; COMMENT ON STATISTICS shop.both IS 'st';
  GRANT SELECT ON shop.orders TO tables_reader; GRANT UPDATE (note) ON shop.orders TO tables_reader; ALTER TABLE shop.orders OWNER TO tables_owner;
  GRANT USAGE ON SEQUENCE shop.orders_n_seq TO tables_reader;
  CREATE TABLE shop.days (day date, what text, PRIMARY KEY (day)) PARTITION BY RANGE (day);
  CREATE TABLE shop.days_1 PARTITION OF shop.days FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (day);
  CREATE TABLE shop.days_1a PARTITION OF shop.days_1 DEFAULT; CREATE TABLE shop.days_2 PARTITION OF shop.days DEFAULT;
  CREATE INDEX ON shop.days (what); CREATE TRIGGER g AFTER INSERT ON shop.days FOR EACH ROW EXECUTE FUNCTION shop.watch();
  INSERT INTO shop.days SELECT '2025-12-01'::date + g, g::text FROM generate_series(1, 60) g;
  CREATE TABLE shop."Two words" (a int, b shop.customers); INSERT INTO shop."Two words" VALUES (1, ROW(2));
  CREATE TABLE shop.base (a int); CREATE TABLE shop.child (b int) INHERITS (shop.base); INSERT INTO shop.child VALUES (1, 2);
  CREATE VIEW shop.open AS SELECT id, note FROM shop.orders WHERE state = 'open'; GRANT SELECT ON shop.open TO tables_reader;
  CREATE MATERIALIZED VIEW public.sums AS SELECT count(*) AS n FROM shop.open; CREATE INDEX ON public.sums (n); COMMENT ON VIEW shop.open IS 'o';
  CREATE TABLE public.orders AS SELECT 'another one' AS t;
  CREATE PUBLICATION shop_all FOR TABLE shop.orders, shop.lines`;

const TABLES = ['shop.orders', 'shop.days', 'shop.days_1', 'shop."Two words"', 'shop.child', 'shop.lines', 'public.orders'];

let store: VaultRig;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());

describe.each(await DatabaseRig.majors())('a server of PostgreSQL %i', (major) => {
  let server: DatabaseRig;
  let manifest: DatabaseManifest;
  let whole: string;
  beforeAll(async () => {
    server = await DatabaseRig.start(major);
    await server.sql('postgres', 'CREATE ROLE tables_owner; CREATE ROLE tables_reader');
    await server.database('shop', SHOP);
    manifest = await backedUp(server, store, server.source('shop', { id: `shop-${major}` }));
    await server.restore(store.path(manifest.key), 'copy');
    whole = await script('shop');
  });
  afterAll(() => server.stop());

  const script = async (database: string, ...args: string[]): Promise<string> =>
    (await server.program('pg_dump', [...args, database])).replace(/^\\(un)?restrict .*$/gm, '');
  const restore = (database: string, tables: readonly string[], mode: 'inPlace' | 'new' = 'inPlace') =>
    restoreTraced({ server, store }, restoreJob(manifest, database, { mode, tables }));

  it('writes the same text of two databases that are the same', async () => {
    expect(await script('copy')).toBe(whole);
  });

  it.each(TABLES)('brings %s back, with all that hung on it', async (table) => {
    await server.sql('copy', `DROP TABLE ${table} CASCADE`);
    expect(await script('copy')).not.toBe(whole);
    const { restored, failure } = await restore('copy', [table]);
    expect(failure?.message).toBeUndefined();
    expect(restored).toMatchObject({ compared: true });
    expect(await script('copy')).toBe(whole);
  });

  it('replaces tables that are there, and nothing else', async () => {
    await server.sql(
      'copy',
      `UPDATE shop.orders SET note = 'x'; UPDATE shop.days SET what = 'x'; ALTER TABLE shop.orders DROP twice`,
    );
    const { restored } = await restore('copy', ['shop.orders', 'shop.day*']);
    expect(restored).toMatchObject({ tables: 3, rows: 260, compared: true });
    expect(restored?.warnings).toEqual([
      'made anew, since it looks at what is restored: view shop.open',
      'made anew, since it looks at what is restored: view public.sums',
    ]);
    expect(await script('copy')).toBe(whole);
  });

  it('makes a new database of a table, with the types and functions that it needs', async () => {
    const { restored, failure } = await restore('part', ['shop.orders'], 'new');
    expect(failure?.message).toBeUndefined();
    expect(restored).toMatchObject({ tables: 1, rows: 200, compared: true });
    expect(restored?.warnings.join()).toContain('fk constraint shop.orders orders_customer_fkey');
    const rows = ['--data-only', '--table=shop.orders'];
    expect(await script('part', ...rows)).toBe(await script('shop', ...rows));
    const indexes = `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'orders' AND schemaname = 'shop' ORDER BY 1`;
    expect(await server.sql('part', indexes)).toEqual(await server.sql('shop', indexes));
  });

  it('refuses names that find nothing, and changes nothing', async () => {
    for (const name of ['shop.order', 'orders', 'shop.Two words', 'a.b.c', 'shop.[']) {
      const { failure, phases } = await restore('copy', ['shop.orders', name]);
      expect({ name, reason: failure?.reason, phase: phases.at(-1) }).toEqual({ name, reason: 'tables', phase: 'preflight' });
    }
    expect(await script('copy')).toBe(whole);
  });
});
