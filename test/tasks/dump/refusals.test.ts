import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/outcomes.ts';
import type { DatabaseSource } from '../../../lib/domain/source/source.ts';
import { freePort } from '../../../lib/local/servers/free-port.ts';
import { S3Vault } from '../../../lib/runtime/s3-vault.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { dumpDependencies, runTask, type TaskTraces } from '../../support/dump-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

let store: VaultRig;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());

const PASSWORD = 'CANARY pa:ss\\w"o\'rd=%';

const majors = await DatabaseRig.majors();

describe.each(majors)('a server of PostgreSQL %i', (major) => {
  let server: DatabaseRig;
  let tests = 0;
  let database: string;
  let source: DatabaseSource;

  beforeAll(async () => {
    server = await DatabaseRig.start(major);
    await server.sql('postgres', `CREATE ROLE backup LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
  });
  afterAll(() => server.stop());

  /** A database of its own for each test, and one run over it as the role `backup`. */
  const given = async (script: string): Promise<void> => {
    database = await server.database(`refused ${++tests}`, script);
    source = server.source(database, { id: `refused-${major}-${tests}` });
  };
  const run = (secret: Record<string, unknown> = {}, overrides: Partial<DatabaseSource> = {}): Promise<TaskTraces> =>
    runTask(
      store,
      { ...source, ...overrides },
      dumpDependencies(
        { server, store },
        { credentials: server.credentials({ username: 'backup', password: PASSWORD, ...secret }) },
      ),
    );
  const failed = (reason: string, detail: unknown = expect.any(String)) => ({
    records: [{ result: 'failure', failure: { reason, detail, remedy: expect.stringMatching(/\w+/) } }],
    objects: [],
    openUploads: [],
  });

  it('is dumped by a role that may read everything, whose password has every awkward character', async () => {
    await given('CREATE TABLE t AS SELECT 1 AS a; GRANT SELECT ON t TO backup');
    expect(await run()).toMatchObject({ exitCode: 0, objects: [expect.any(String)] });
  });

  it('may keep the role out of a database', async () => {
    await given('');
    await server.sql('postgres', `REVOKE CONNECT ON DATABASE "${database}" FROM public`);
    expect(await run()).toMatchObject({ exitCode: 1, ...failed('permission', expect.stringContaining('GRANT CONNECT')) });
  });

  if (major === majors[0]) {
    describe('of whatever version', () => {
      it('refuses a wrong password', async () => {
        await given('');
        expect(await run({ password: 'CANARY wrong' })).toMatchObject({
          exitCode: 1,
          ...failed('auth', expect.stringContaining('28P01')),
        });
      });

      it('is unreachable on a port where nothing listens', async () => {
        await given('');
        expect(await run({ port: await freePort() })).toMatchObject({
          exitCode: 75,
          ...failed('unreachable', expect.stringContaining('ECONNREFUSED')),
        });
      });

      it('is unreachable under a name that does not exist', async () => {
        await given('');
        expect(await run({ host: 'no-such-host.invalid' })).toMatchObject({ exitCode: 75, ...failed('unreachable') });
      });

      it('refuses a connection without TLS where the configuration wants TLS', async () => {
        await given('');
        const connection = { ...source.connection, sslMode: 'verify-full' } as const;
        expect(await run({}, { connection })).toMatchObject({ exitCode: 75, ...failed('unreachable') });
      });

      it('is asked again when the vault did not take the reason, since nobody could read it', async () => {
        await given('');
        const vault = new S3Vault(store.s3, store.bucket);
        vault.putOnce = async () => {
          throw new Failure('storage', 'PutObject was refused');
        };
        const credentials = server.credentials({ username: 'backup', password: 'wrong' });
        const deps = dumpDependencies({ server, store }, { credentials, vault });
        expect(await runTask(store, source, deps)).toMatchObject({ exitCode: 75, records: [], objects: [] });
      });

      it('has no such database', async () => {
        await given('');
        expect(await run({}, { database: 'absent' })).toMatchObject({ exitCode: 1, ...failed('no-database') });
      });

      it('is busy when the role has no connection left', async () => {
        await given('');
        await server.sql('postgres', 'ALTER ROLE backup CONNECTION LIMIT 0');
        try {
          expect(await run()).toMatchObject({ exitCode: 75, ...failed('busy', expect.stringContaining('53300')) });
        } finally {
          await server.sql('postgres', 'ALTER ROLE backup CONNECTION LIMIT -1');
        }
      });
    });
  }

  it('needs a client of its own major version', async () => {
    await given('');
    const deps = dumpDependencies({ server, store }, { clients: async () => [] });
    expect(await runTask(store, source, deps)).toMatchObject({
      exitCode: 1,
      ...failed('version', expect.stringContaining(`${major}`)),
    });
  });

  it.each([
    ['a table without SELECT', 'permission', 'CREATE TABLE t AS SELECT 1 AS a'],
    [
      'a partition without SELECT',
      'permission',
      `CREATE TABLE p (a int) PARTITION BY LIST (a); GRANT SELECT ON p TO backup;
      CREATE TABLE "p ""1" PARTITION OF p FOR VALUES IN (1)`,
    ],
    [
      'a partitioned table whose partition alone may be read',
      'permission',
      `CREATE TABLE p (a int) PARTITION BY LIST (a);
      CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); GRANT SELECT ON p1 TO backup`,
    ],
    ['a table of which one column may be read', 'permission', 'CREATE TABLE t (a int, b int); GRANT SELECT (a) ON t TO backup'],
    ['a sequence without SELECT', 'permission', 'CREATE TABLE t (a serial); GRANT SELECT ON t TO backup'],
    [
      'the sequence of an identity column',
      'permission',
      'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY); GRANT SELECT ON t TO backup',
    ],
    [
      'a schema without USAGE',
      'permission',
      'CREATE SCHEMA "Sales"; CREATE TABLE "Sales".t (); GRANT SELECT ON "Sales".t TO backup',
    ],
    ['a large object without SELECT', 'permission', 'SELECT lo_create(4711)'],
    [
      'row-level security',
      'row-security',
      `CREATE TABLE t (a int); GRANT SELECT ON t TO backup;
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (a > 5)`,
    ],
  ])('refuses %s before it starts, and takes it once the statements of the detail were run', async (_, reason, script) => {
    await given(script);
    const first = await run();
    expect(first).toMatchObject({ exitCode: 1, ...failed(reason, expect.stringMatching(/ Run: (GRANT|ALTER ROLE) .*;$/s)) });

    // pg_dump itself agrees that there is something to refuse
    const login = { PGUSER: 'backup', PGPASSWORD: PASSWORD, PGDATABASE: database };
    await expect(server.program('pg_dump', ['--format=custom', '--file=/dev/null'], login)).rejects.toThrow();

    const [record] = first.records;
    const detail = record?.result === 'failure' ? record.failure.detail : '';
    await server.sql(database, detail.slice(detail.indexOf('Run: ') + 5));
    try {
      expect(await run()).toMatchObject({ exitCode: 0, records: [{}, { result: 'receipt' }] });
    } finally {
      await server.sql('postgres', 'ALTER ROLE backup NOBYPASSRLS');
    }
  });

  it('refuses nothing that pg_dump does not read, or reads all the same', async () => {
    await given(`
      CREATE VIEW v AS SELECT 1 AS a;
      CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
      CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
      REVOKE ALL ON FUNCTION f() FROM public;
      CREATE FOREIGN DATA WRAPPER w;
      CREATE SERVER s FOREIGN DATA WRAPPER w;
      CREATE FOREIGN TABLE ft (a int) SERVER s;
      CREATE TYPE composite AS (a int);
      CREATE TABLE of_extension (a int);
      ALTER EXTENSION plpgsql ADD TABLE of_extension;
      SELECT lo_create(4711);
      GRANT SELECT ON LARGE OBJECT 4711 TO public;
      -- policies do not apply to the owner, and those of a partitioned table not to its partitions
      CREATE TABLE own (a serial);
      ALTER TABLE own ENABLE ROW LEVEL SECURITY;
      ALTER TABLE own OWNER TO backup;
      CREATE TABLE p (a int) PARTITION BY LIST (a);
      ALTER TABLE p ENABLE ROW LEVEL SECURITY;
      GRANT SELECT ON p TO backup`);
    expect(await run()).toMatchObject({ exitCode: 0, records: [{ result: 'receipt' }] });
  });

  it('names the first few objects and counts the rest', async () => {
    await given('SELECT lo_create(g::oid) FROM generate_series(5001, 5020) g');
    expect((await run()).records).toMatchObject([
      {
        failure: {
          detail: expect.stringContaining('large object 5005 and 15 more. Run: GRANT SELECT ON LARGE OBJECT 5001 TO backup;'),
        },
      },
    ]);
  });
});
