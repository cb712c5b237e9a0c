import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/outcomes.ts';
import type { DatabaseManifest, RestoreDependencies, RestoreJob } from '../../../lib/runtime/restore/restore-job.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { findChild } from '../../support/process-state.ts';
import { childOf, idle } from '../../support/processes.ts';
import { backedUp, restoreJob, restoreTraced } from '../../support/restore-rig.ts';
import { flippedAt, type Meddle, secondReadOf, whenAt } from '../../support/second-read.ts';
import { VaultRig } from '../../support/vault-rig.ts';

/** Rows in plain text in the archive, so that a changed letter is a letter that is restored. */
const ROWS = `CREATE TABLE first AS SELECT g AS n, 'row ' || g AS t FROM generate_series(1, 3000) g; ALTER TABLE first ADD PRIMARY KEY (n);
  CREATE TABLE last AS SELECT g AS n, 'end ' || g AS t FROM generate_series(1, 3000) g`;

let store: VaultRig;
let server: DatabaseRig;
let manifest: DatabaseManifest;
let archive: Buffer;
beforeAll(async () => {
  [store, server] = await Promise.all([VaultRig.start(), DatabaseRig.start()]);
  await server.database('rows', ROWS);
  manifest = await backedUp(server, store, server.source('rows', { id: 'rows', compression: 'none' }));
  archive = readFileSync(store.path(manifest.key));
  await server.database('here', `CREATE TABLE first AS SELECT 0 AS n, 'as it was' AS t; CREATE TABLE ours AS SELECT 1 AS n`);
});
afterAll(() => Promise.all([store.stop(), server.stop()]));

/** What is in the database that a restore goes to, and which databases there are. */
async function state(): Promise<unknown> {
  const databases = await server.sql('postgres', 'SELECT datname FROM pg_database ORDER BY datname');
  return { script: (await server.program('pg_dump', ['here'])).replace(/^\\(un)?restrict .*$/gm, ''), databases };
}

/** Restores over `here`; it must come to nothing. Returns why. */
async function failed(job: Partial<RestoreJob>, overrides: Partial<RestoreDependencies>) {
  const before = await state();
  const { failure, phases, left } = await restoreTraced(
    { server, store },
    restoreJob(manifest, 'here', { owners: false, ...job }),
    overrides,
  );
  expect(await state()).toEqual(before);
  expect(left).toBeUndefined();
  return { reason: failure?.reason, detail: failure?.message ?? '', phase: phases.at(-1) };
}

const meddled = (meddle: Meddle) => ({ vault: secondReadOf(store.vault, meddle, atRest) });

/** Until pg_restore has done all that it can do with what it was given: were that enough to commit, it would have. */
async function atRest(): Promise<void> {
  const pid = findChild(process.pid, 'pg_restore');
  if (pid !== undefined) await idle(pid).catch(() => undefined);
}

const placeOf = (text: string): number => archive.indexOf(text);

describe.each(['inPlace', 'swap'] as const)('a restore (%s)', (mode) => {
  it.each([
    ['the front', () => placeOf('CREATE TABLE public.first') + 3],
    ['the first row', () => placeOf('row 1\n') + 2],
    ['the last row', () => placeOf('end 3000\n') + 2],
    ['the very last byte', () => archive.length - 1],
  ])('leaves the target as it was where a bit of %s changes after the bytes were verified', async (_, place) => {
    expect(await failed({ mode }, meddled(flippedAt(place())))).toMatchObject({
      phase: 'restore',
      reason: expect.stringMatching(/^(storage|restore)$/),
    });
  });

  it('leaves the target as it was where the second read ends too early', async () => {
    const cut = meddled((piece, at) => piece.subarray(0, Math.max(0, archive.length - 40 - at)));
    expect(await failed({ mode }, cut)).toMatchObject({ phase: 'restore', reason: 'storage' });
  });

  it.each([0.1, 0.5, 0.99, 1])(
    'leaves the target as it was where pg_restore is killed after %d of the archive',
    async (share) => {
      const kill = async () => {
        const pid = childOf(process.pid, 'pg_restore');
        await idle(pid);
        process.kill(pid, 'SIGKILL');
      };
      const place = Math.min(Math.floor(archive.length * share), archive.length - 1);
      expect(await failed({ mode }, meddled(whenAt(place, kill)))).toMatchObject({
        phase: 'restore',
        reason: 'interrupted',
        detail: 'pg_restore: signal SIGKILL',
      });
    },
  );

  it('leaves the target as it was where the server ends the session, and names the table', async () => {
    const end = async () => {
      await idle(childOf(process.pid, 'pg_restore'));
      const copying = `FROM pg_stat_activity WHERE application_name = 'nightproof' AND query LIKE 'COPY%'`;
      expect(await server.sql('postgres', `SELECT pg_terminate_backend(pid) AS ended ${copying}`)).toEqual([{ ended: true }]);
    };
    const { reason, detail } = await failed({ mode }, meddled(whenAt(placeOf('row 2000\n'), end)));
    expect({ reason, detail }).toEqual({ reason: 'restore', detail: 'pg_restore: exit code 1 at TABLE DATA public.first' });
  });

  it('leaves the target as it was where it is told to stop', async () => {
    const stop = new AbortController();
    const abort = () => stop.abort(new Failure('cancelled', 'told to stop'));
    expect(await failed({ mode }, { ...meddled(whenAt(placeOf('end 1000\n'), abort)), signal: stop.signal })).toMatchObject({
      reason: 'cancelled',
    });
  });

  it('leaves the target as it was where a statement of the operator before it is refused', async () => {
    expect(await failed({ mode, before: ['SELECT 1', 'CREATE TABLE x (', 'SELECT 3'] }, {})).toMatchObject({
      reason: 'hook',
      detail: expect.stringMatching(/^before\.sql, statement 2 of 3: .*SQLSTATE 42601$/),
    });
  });
});

describe('a restore aside', () => {
  it('does not take the place of the target where it holds something else than was backed up', async () => {
    const { contents } = manifest.receipt;
    const tables = contents.tables.map((table) => (table.name === 'last' ? { ...table, sha256: '0'.repeat(64) } : table));
    const other = { ...manifest, receipt: { ...manifest.receipt, contents: { ...contents, tables } } };
    const { reason, detail, phase } = await failed({ mode: 'swap', manifest: other }, {});
    expect({ reason, phase }).toEqual({ reason: 'difference', phase: 'compare' });
    expect(detail).toMatch(/^public\.last: its 3000 rows have other contents/);
  });

  it('does not take the place of the target where a statement of the operator after it is refused', async () => {
    expect(await failed({ mode: 'swap', after: ['SELECT 1 / 0'] }, {})).toMatchObject({ reason: 'hook', phase: 'compare' });
  });
});

describe('a restore in place', () => {
  it('changes nothing where something else leans on what it would replace, and names the entry', async () => {
    await server.sql('here', 'CREATE VIEW leaning AS SELECT n FROM first');
    const { reason, detail } = await failed({ mode: 'inPlace' }, {});
    expect({ reason, detail }).toEqual({ reason: 'restore', detail: 'pg_restore: exit code 1 at TABLE public.first' });
    await server.sql('here', 'DROP VIEW leaning');
  });

  it('says what it leaves where a statement of the operator fails after it', async () => {
    await server.database('there');
    const job = restoreJob(manifest, 'there', { mode: 'inPlace', owners: false, after: ['SELECT 1 / 0'] });
    const { failure, left } = await restoreTraced({ server, store }, job);
    expect({ reason: failure?.reason, left }).toEqual({ reason: 'hook', left: 'there holds what was restored' });
  });
});
