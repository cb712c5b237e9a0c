import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GlobalsSource } from '../../../lib/domain/source/source.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { dumpDependencies, runTask, SLOT } from '../../support/dump-rig.ts';
import { globalsOf } from '../../support/sources.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const CANARY = 'CANARY of a password';

/** Roles with everything that a role can have. */
const ROLES = `
  CREATE ROLE readers NOLOGIN;
  CREATE ROLE app LOGIN PASSWORD '${CANARY}' CONNECTION LIMIT 7 VALID UNTIL '2031-01-01 00:00:00+00';
  CREATE ROLE "it's a ""role""; CREATE ROLE x" NOLOGIN CREATEDB;
  GRANT readers TO app WITH ADMIN OPTION;
  COMMENT ON ROLE app IS 'says CREATE ROLE nobody; -- PostgreSQL database cluster dump complete';
  ALTER ROLE app SET search_path TO shop, public;
  ALTER ROLE app SET statement_timeout TO '5s';
  ALTER ROLE "it's a ""role""; CREATE ROLE x" IN DATABASE postgres SET work_mem TO '9MB';
  CREATE ROLE backup LOGIN PASSWORD 'backup';
  ALTER ROLE backup SET statement_timeout TO '1ms';`;

/** All that a server knows of its roles, but for what they have set in one database: that lies in the dump of the database. */
const FINGERPRINT = `
  SELECT a.rolname, a.rolsuper, a.rolcreatedb, a.rolcanlogin, a.rolconnlimit, a.rolvaliduntil, a.rolpassword,
         shobj_description(a.oid, 'pg_authid') AS comment,
         (SELECT array_agg(format('%s:%s', g.rolname, m.admin_option) ORDER BY 1)
            FROM pg_auth_members m JOIN pg_authid g ON g.oid = m.roleid WHERE m.member = a.oid) AS member_of,
         (SELECT setconfig FROM pg_db_role_setting WHERE setrole = a.oid AND setdatabase = 0) AS settings
    FROM pg_authid a WHERE a.rolname !~ '^pg_' AND NOT a.rolsuper ORDER BY 1`;

let store: VaultRig;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());

describe.each(await DatabaseRig.majors())('the roles of a server of PostgreSQL %i', (major) => {
  let server: DatabaseRig;
  let empty: DatabaseRig;
  beforeAll(async () => {
    [server, empty] = await Promise.all([DatabaseRig.start(major), DatabaseRig.start(major)]);
    await server.sql('postgres', ROLES);
  });
  afterAll(() => Promise.all([server.stop(), empty.stop()]));

  const sourceOf = (id: string): GlobalsSource => ({
    ...globalsOf(`${id}-${major}`),
    connection: server.source('postgres').connection,
  });
  const run = (source: GlobalsSource, as: Record<string, unknown> = {}) =>
    runTask(store, source, dumpDependencies({ server, store }, { credentials: server.credentials(as) }));

  it('come back with passwords, memberships and settings, by plain psql', async () => {
    const source = sourceOf('roles');
    const { exitCode, records, objects } = await run(source);
    expect(exitCode).toBe(0);
    expect(objects).toEqual([`daily/${source.id}_${SLOT}.sql`]);
    expect(records).toMatchObject([
      {
        receipt: {
          kind: 'globals',
          server: { major },
          exitCodes: { pgDumpall: 0 },
          contents: { roles: 5, settings: 3, tablespaces: 0, passwords: true },
          warnings: [],
        },
      },
    ]);
    expect(JSON.stringify(records)).not.toMatch(/SCRAM|CANARY/);

    const { host, port, user, password, install } = empty.server;
    const psql = join(install.binDir, 'psql');
    const args = ['-X', '-q', '-d', 'postgres', '-f', store.path(objects[0] ?? '')];
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    const { stderr } = await promisify(execFile)(psql, args, { env });
    // the one role that every server has already
    expect(stderr.split('\n').filter((line) => line.includes('ERROR'))).toEqual([
      expect.stringContaining(`role "${user}" already exists`),
    ]);
    // the superuser's password came along too
    const client = new Client({ host, port, user, password: server.server.password, database: 'postgres', ssl: false });
    await client.connect();
    expect((await client.query(FINGERPRINT)).rows).toEqual(await server.sql('postgres', FINGERPRINT));
    await client.end();
  });

  it('are backed up without passwords by a role that may not read them, whatever its own limits, and the record says so', async () => {
    const { exitCode, records, objects } = await run(sourceOf('unprivileged'), { username: 'backup', password: 'backup' });
    expect(exitCode).toBe(0);
    expect(records).toMatchObject([
      {
        receipt: {
          contents: { roles: 5, settings: 3, passwords: false },
          warnings: [expect.stringContaining('without passwords')],
        },
      },
    ]);
    const script = readFileSync(store.path(objects[0] ?? ''), 'utf8');
    expect(script).toContain('CREATE ROLE app;');
    expect(script).not.toMatch(/SCRAM|PASSWORD/);
  });

  it('are not backed up with a wrong password', async () => {
    expect(await run(sourceOf('refused'), { password: 'wrong' })).toMatchObject({
      exitCode: 1,
      objects: [],
      openUploads: [],
      records: [{ failure: { reason: 'auth' } }],
    });
  });

  it('are refused where they take less room than they must', async () => {
    expect(await run({ ...sourceOf('small'), minBytes: 1_000_000 })).toMatchObject({
      exitCode: 1,
      objects: [],
      openUploads: [],
      records: [
        { failure: { reason: 'too-small', retryable: false, detail: expect.stringContaining('minSize asks for 1000000') } },
      ],
    });
  });
});
