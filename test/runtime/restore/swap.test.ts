import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseManifest } from '../../../lib/runtime/restore/restore-job.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { backedUp, restoreJob, restoreTraced, STAMP } from '../../support/restore-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

let store: VaultRig;
let server: DatabaseRig;
let manifest: DatabaseManifest;
beforeAll(async () => {
  [store, server] = await Promise.all([VaultRig.start(), DatabaseRig.start(undefined, { max_prepared_transactions: '5' })]);
  await server.sql('postgres', 'CREATE ROLE keeper; CREATE ROLE reader');
  await server.database('shop', 'CREATE TABLE t AS SELECT 1 AS n');
  await server.sql(
    'shop',
    `ALTER DATABASE shop SET search_path = 'public', 'a b'; ALTER DATABASE shop SET work_mem = '5MB'; COMMENT ON DATABASE shop IS 'it''s; shop';
     ALTER ROLE reader IN DATABASE shop SET statement_timeout = '7s'; REVOKE CONNECT ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO reader;
     ALTER DATABASE shop CONNECTION LIMIT 40; ALTER DATABASE shop OWNER TO keeper`,
  );
  manifest = await backedUp(server, store, server.source('shop'));
});
afterAll(() => Promise.all([store.stop(), server.stop()]));

const swap = (database: string) => restoreTraced({ server, store }, restoreJob(manifest, database, { mode: 'swap' }));

describe('a swap', () => {
  it('takes the place of a database that sessions keep coming back to', async () => {
    await server.database('live', 'CREATE TABLE t AS SELECT 0 AS n');
    let ended = false;
    const seen = new Set<number>();
    const refusals = new Set<string>();
    const visit = async (): Promise<void> => {
      while (!ended) {
        try {
          for (const { n } of await server.sql<{ n: number }>('live', 'SELECT n FROM t')) seen.add(n);
        } catch (error) {
          refusals.add((error as { code?: string }).code ?? 'no code');
        }
      }
    };
    const idle = await server.session('live');
    const visitors = Promise.all([visit(), visit(), visit()]);
    const { restored } = await swap('live');
    while (!seen.has(1)) await server.sql('postgres', 'SELECT 1');
    ended = true;
    await visitors;
    await idle.end();
    expect(restored).toMatchObject({ database: 'live', before: `live_before_${STAMP}` });
    expect(seen).toEqual(new Set([0, 1]));
    // turned out, or kept out for a moment; never: a table that is not there
    expect([...refusals].filter((code) => !/^(57P01|57P03|3D000|55006|ECONNRESET)$/.test(code))).toEqual([]);
  });

  it('leaves the restored database beside one that cannot be renamed, and says how to go on', async () => {
    await server.database('held', 'CREATE TABLE t AS SELECT 0 AS n');
    await server.sql('held', `BEGIN; INSERT INTO t VALUES (5); PREPARE TRANSACTION 'holds'`);
    const { failure, left } = await swap('held');
    expect(failure?.reason).toBe('target-busy');
    expect(left).toBe(`the restored database is there, as held_restore_${STAMP}`);
    const [, byHand = ''] = /By hand: (.*)$/.exec(failure?.message ?? '') ?? [];
    expect(await server.sql('held', 'SELECT n FROM t')).toEqual([{ n: 0 }]);
    await server.sql('held', `ROLLBACK PREPARED 'holds'`);
    for (const statement of byHand.split(';').filter((text) => text.trim() !== '')) await server.sql('postgres', statement);
    expect(await server.sql('held', 'SELECT n FROM t')).toEqual([{ n: 1 }]);
  }, 60_000);

  it('brings the settings, the comment, the grants and the owner of the database itself along', async () => {
    await server.database('itself');
    const { restored } = await swap('itself');
    expect(restored?.warnings).toEqual([]);
    const asked = (name: string) =>
      server.sql(
        'postgres',
        `SELECT pg_get_userbyid(datdba) AS owner, (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(datacl) AS acl) AS grants, datconnlimit, datcollate, shobj_description(d.oid, 'pg_database') AS comment,
                (SELECT json_agg(json_build_object('role', setrole::regrole::text, 'set', setconfig) ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
           FROM pg_database d WHERE datname = '${name}'`,
      );
    expect(await asked('itself')).toEqual(await asked('shop'));
  });

  it('gives the database the owner of the one before it where owners are left out', async () => {
    await server.database('mine');
    await server.sql('postgres', 'ALTER DATABASE mine OWNER TO reader');
    await restoreTraced({ server, store }, restoreJob(manifest, 'mine', { mode: 'swap', owners: false }));
    expect(
      await server.sql('postgres', `SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = 'mine'`),
    ).toEqual([{ owner: 'reader' }]);
  });

  it('clears away what a restore of the same name left behind when it was killed', async () => {
    await server.database('again');
    await server.database(`again_restore_${STAMP}`, 'CREATE TABLE half AS SELECT 1');
    expect(await swap('again')).toHaveProperty('restored');
    expect(await server.sql('postgres', `SELECT datname FROM pg_database WHERE datname LIKE 'again%restore%'`)).toEqual([]);
  });

  it('is done by a role that is no superuser, where it may create databases and act for the owners', async () => {
    await server.sql(
      'postgres',
      `CREATE ROLE guest LOGIN PASSWORD 'g'; CREATE ROLE operator LOGIN CREATEDB PASSWORD 'o'; GRANT keeper TO operator; GRANT pg_signal_backend TO operator`,
    );
    await server.sql('postgres', 'CREATE DATABASE kept OWNER keeper');
    await server.sql(
      'kept',
      `SET ROLE keeper; CREATE SCHEMA mine; CREATE TABLE mine.t (id serial PRIMARY KEY, what text); INSERT INTO mine.t (what) VALUES ('x');
       GRANT SELECT ON mine.t TO reader; GRANT USAGE ON SCHEMA mine TO reader; ALTER DATABASE kept SET work_mem = '6MB'; GRANT CREATE ON DATABASE kept TO reader`,
    );
    const kept = await backedUp(server, store, server.source('kept', { id: 'kept' }));
    const { host, port } = server.server;
    const visitor = new Client({ host, port, database: 'kept', user: 'guest', password: 'g' });
    visitor.on('error', () => undefined);
    await visitor.connect();
    const credentials = server.credentials({ username: 'operator', password: 'o' });
    const { restored, failure } = await restoreTraced({ server, store }, restoreJob(kept, 'kept', { mode: 'swap' }), {
      credentials,
    });
    await visitor.end().catch(() => undefined);
    expect(failure?.message).toBeUndefined();
    expect(restored).toMatchObject({ before: `kept_before_${STAMP}`, compared: true, warnings: [] });
    expect(
      await server.sql(
        'kept',
        `SELECT tableowner, has_table_privilege('reader', 'mine.t', 'SELECT') AS reads FROM pg_tables WHERE tablename = 't'`,
      ),
    ).toEqual([{ tableowner: 'keeper', reads: true }]);
  });
});
