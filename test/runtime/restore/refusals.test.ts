import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TocEntry } from '../../../lib/domain/restore/archive-toc.ts';
import { openSession } from '../../../lib/runtime/postgres/server-connection.ts';
import { refuseMissingExtensions } from '../../../lib/runtime/restore/refuse-unrestorable.ts';
import type { DatabaseManifest, RestoreDependencies, RestoreJob } from '../../../lib/runtime/restore/restore-job.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { PostgresGate } from '../../support/postgres-gate.ts';
import { backedUp, restoreJob, restoreTraced } from '../../support/restore-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const majors = await DatabaseRig.majors();

let store: VaultRig;
let server: DatabaseRig;
let manifest: DatabaseManifest;
beforeAll(async () => {
  [store, server] = await Promise.all([VaultRig.start(), DatabaseRig.start(Math.max(...majors))]);
  await server.sql('postgres', `CREATE ROLE owning; CREATE ROLE "Granted To"; CREATE ROLE asked; CREATE ROLE mapped`);
  await server.database(
    'shop',
    `CREATE TABLE t AS SELECT 1 AS n; ALTER TABLE t OWNER TO owning; GRANT SELECT ON t TO "Granted To"; CREATE POLICY p ON t TO asked USING (true);
     CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR mapped SERVER s`,
  );
  manifest = await backedUp(server, store, server.source('shop'));
});
afterAll(() => Promise.all([store.stop(), server.stop()]));

/** A restore that must be refused before anything is touched; returns why. */
async function refused(job: Partial<RestoreJob>, overrides: Partial<RestoreDependencies> = {}, target = server) {
  const state = () => target.sql('postgres', 'SELECT datname, oid FROM pg_database ORDER BY datname');
  const before = await state();
  const { failure, phases, left } = await restoreTraced({ server: target, store }, restoreJob(manifest, 'fresh', job), overrides);
  expect(await state()).toEqual(before);
  expect({ phase: phases.at(-1), left }).toEqual({ phase: 'preflight', left: undefined });
  return { reason: failure?.reason, detail: failure?.message ?? '' };
}

const connection = { secret: 'target', auth: 'password', sslMode: 'disable' } as const;

describe('a restore is refused before anything is touched', () => {
  it('for roles that the server lacks, with the statements that make them', async () => {
    const bare = await DatabaseRig.start(Math.max(...majors));
    try {
      const all = await refused({}, {}, bare);
      expect(all.reason).toBe('roles');
      expect(all.detail).toBe(
        'the server has no role Granted To, asked, mapped, owning. ' +
          'Run: CREATE ROLE "Granted To"; CREATE ROLE "asked"; CREATE ROLE "mapped"; CREATE ROLE "owning";',
      );
      // what pg_restore cannot leave out is needed all the same
      const { detail } = await refused({ owners: false }, {}, bare);
      expect(detail).toContain('no role asked, mapped. Run');
      await bare.sql('postgres', 'CREATE ROLE asked; CREATE ROLE mapped');
      const { restored } = await restoreTraced({ server: bare, store }, restoreJob(manifest, 'fresh', { owners: false }));
      expect(restored).toMatchObject({ database: 'fresh', compared: true });
    } finally {
      await bare.stop();
    }
  });

  it('for rights that the role lacks, with the statements that give them', async () => {
    await server.sql('postgres', `CREATE ROLE restorer LOGIN PASSWORD 'r'`);
    const as = { credentials: server.credentials({ username: 'restorer', password: 'r' }) };
    expect(await refused({}, as)).toEqual({
      reason: 'permission',
      detail: 'restorer may not create databases. As a superuser: ALTER ROLE "restorer" CREATEDB;',
    });
    await server.sql('postgres', 'ALTER ROLE restorer CREATEDB');
    const { reason, detail } = await refused({}, as);
    expect(reason).toBe('roles');
    expect(detail).toMatch(/^restorer may not act for owning, postgres\. Run: GRANT "owning" TO "restorer"; GRANT "postgres" TO/);
    expect(await refused({ mode: 'inPlace', target: { connection, database: 'shop' } }, as)).toMatchObject({
      reason: 'permission',
      detail: 'restorer does not own shop. Run: GRANT "postgres" TO "restorer";',
    });
  });

  it('for extensions that the server cannot install', async () => {
    const { host, port, user, password } = server.server;
    const session = await openSession(
      { database: 'postgres', sslMode: 'disable' },
      { host, port, user, password },
      AbortSignal.timeout(60_000),
    );
    const entry = (name: string) => ({ type: 'EXTENSION', name }) as TocEntry;
    await refuseMissingExtensions(session, [entry('plpgsql')]);
    await expect(refuseMissingExtensions(session, [entry('plpgsql'), entry('nowhere')])).rejects.toMatchObject({
      reason: 'extensions',
      message: 'the server has no extension nowhere to install',
    });
    await session.close();
  });

  it.skipIf(majors.length < 2)('for a server that is older than the one that was backed up', async () => {
    const older = await DatabaseRig.start(Math.min(...majors));
    expect(await refused({}, {}, older)).toMatchObject({ reason: 'version' });
    await older.stop();
  });

  it('for a database that is there, or is not, or would be lost', async () => {
    const into = (database: string, job: Partial<RestoreJob>) => refused({ target: { connection, database }, ...job });
    expect(await into('shop', { mode: 'new' })).toMatchObject({ reason: 'target' });
    expect(await into('nowhere', { mode: 'inPlace' })).toMatchObject({ reason: 'target' });
    expect(await into('shop', { mode: 'swap', tables: ['public.t'] })).toMatchObject({ reason: 'target' });
  });

  it.each(['swap', 'inPlace'] as const)(
    'over the database that the backup was made of (%s), by whatever name its server goes',
    async (mode) => {
      const gate = await PostgresGate.before(server.server);
      const target = { connection, database: 'shop' };
      const at = (host: string, port: number) => ({
        source: { connection: { ...connection, secret: 'source' }, database: 'shop' },
        credentials: {
          ...server.credentials(),
          secretText: async (id: string) => (id === 'source' ? server.secret({ host, port }) : server.secret()),
        },
      });
      for (const { source, credentials } of [
        at('127.0.0.1', server.server.port),
        at('localhost', server.server.port),
        at('127.0.0.1', gate.port),
      ])
        expect(await refused({ mode, target, source }, { credentials })).toMatchObject({ reason: 'target' });
      gate.close();
    },
  );

  it('but not where it is asked for in so many words, the source is gone, or another database is meant', async () => {
    const source = { connection: { ...connection, secret: 'gone' }, database: 'shop' };
    const credentials = {
      ...server.credentials(),
      secretText: async (id: string) => (id === 'gone' ? server.secret({ port: 1 }) : server.secret()),
    };
    const restore = (job: Partial<RestoreJob>) =>
      restoreTraced({ server, store }, restoreJob(manifest, 'shop', job), { credentials });
    expect(await restore({ mode: 'swap', source, stamp: '20261127_000001' })).toHaveProperty('restored');
    const here = { connection, database: 'shop' };
    expect(await restore({ mode: 'swap', source: here, overSource: true, stamp: '20261127_000002' })).toHaveProperty('restored');
    expect(await restore({ mode: 'swap', source: { ...here, database: 'other' }, stamp: '20261127_000003' })).toHaveProperty(
      'restored',
    );
  });
});
