import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseManifest } from '../../../lib/runtime/restore/restore-job.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { backedUp, restoreJob, restoreTraced, STAMP } from '../../support/restore-rig.ts';
import { variedDatabase } from '../../support/varied-database.ts';
import { VaultRig } from '../../support/vault-rig.ts';

let store: VaultRig;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());

describe.each(await DatabaseRig.majors())('a server of PostgreSQL %i', (major) => {
  let server: DatabaseRig;
  let manifest: DatabaseManifest;
  beforeAll(async () => {
    server = await DatabaseRig.start(major);
    await server.database('varied', variedDatabase());
    manifest = await backedUp(server, store, server.source('varied', { id: `varied-${major}` }));
  });
  afterAll(() => server.stop());

  const restore = (...[database, facts]: [string, Parameters<typeof restoreJob>[2]]) =>
    restoreTraced({ server, store }, restoreJob(manifest, database, facts));
  const databases = async () =>
    (await server.sql<{ name: string }>('postgres', 'SELECT datname AS name FROM pg_database ORDER BY datname')).map(
      ({ name }) => name,
    );

  it('restores into a new database, and nothing else comes into being', async () => {
    const before = await databases();
    expect(await restore('fresh', { mode: 'new' })).toEqual({
      restored: {
        database: 'fresh',
        tables: 11,
        rows: 2789,
        compared: true,
        warnings: [],
        bytes: manifest.receipt.bytes,
        serverVersion: manifest.receipt.server.version,
        seconds: { verify: expect.any(Number), restore: expect.any(Number), compare: expect.any(Number) },
      },
      phases: ['verify', 'preflight', 'restore', 'compare', 'swap'],
    });
    expect(await databases()).toEqual([...before, 'fresh'].sort());
  });

  it('takes the place of the database, which stays under another name', async () => {
    await server.database('shop', `CREATE TABLE old AS SELECT 'before' AS t`);
    const { restored } = await restore('shop', { mode: 'swap' });
    const kept = `shop_before_${STAMP}`;
    expect(restored).toMatchObject({ database: 'shop', before: kept, compared: true });
    expect(await server.sql(kept, 'SELECT t FROM old')).toEqual([{ t: 'before' }]);
    expect(await server.sql('shop', `SELECT to_regclass('old') AS old, count(*)::int AS rows FROM plain`)).toEqual([
      { old: null, rows: 2000 },
    ]);
  });

  it('replaces in place what the archive holds, and leaves the rest', async () => {
    await server.database('here', variedDatabase());
    await server.sql('here', 'DELETE FROM plain; DROP TABLE lists; CREATE TABLE ours AS SELECT 1 AS n');
    const { restored, left } = await restore('here', { mode: 'inPlace', owners: false });
    expect(restored).toMatchObject({ database: 'here', tables: 11, rows: 2789, compared: true });
    expect(left).toBe('here holds what was restored');
    expect(await server.sql('here', 'SELECT n FROM ours')).toEqual([{ n: 1 }]);
  });
});
