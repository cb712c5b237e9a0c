import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseRig } from '../../support/database-rig.ts';
import { type DumpedDatabase, drilled, dumped, resealed } from '../../support/drill-rig.ts';
import { does, SLOW_TO_RESTORE, triesEverything } from '../../support/hostile-databases.ts';
import { scratchFolderUntilEnd } from '../../support/scratch-folder.ts';

// Dumps of databases whose owner, a superuser there, planted what runs when they are restored. What it reaches is seen: a folder in
// which everybody may write, and a TCP port that nobody should call.
const folder = scratchFolderUntilEnd();
const guard = join(folder, 'guard');
mkdirSync(guard);
chmodSync(guard, 0o777);
let trap: Server;
let port: number;
let calls = 0;
beforeAll(async () => {
  trap = createServer((socket) => {
    calls++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(trap, 'listening');
  ({ port } = trap.address() as AddressInfo);
});
afterAll(() => void trap.close());

const NOTHING = { files: [] as string[], calls: 0 };
const reached = (): typeof NOTHING => ({ files: readdirSync(guard).sort(), calls });

describe.each(await DatabaseRig.majors())('a hostile dump of PostgreSQL %i', (major) => {
  let rig: DatabaseRig;
  beforeAll(async () => {
    rig = await DatabaseRig.start(major);
  });
  afterAll(() => rig.stop());

  it('passes where all that it tries is refused, and it gets over that: nothing outside the scratch server was reached', async () => {
    await rig.database('evil', triesEverything({ guard, port, contrib: rig.server.install.hasContrib }));
    const { failure, notes } = await drilled(await dumped(rig, 'evil'), {
      probes: [
        'SELECT count(*) = 1 FROM pg_roles WHERE rolsuper',
        'SELECT NOT rolsuper AND NOT rolcreaterole FROM pg_roles WHERE rolname = current_user',
        `SELECT NOT pg_has_role(current_user, 'pg_execute_server_program', 'USAGE')`,
        'SELECT count(*) = 0 FROM sink',
      ],
    });
    expect([failure, notes.probes.map(({ passed }) => passed)]).toEqual([undefined, [true, true, true, true]]);
    expect(reached()).toEqual(NOTHING);
  });

  it.skipIf(major < 17)('leaves out what would run whenever somebody logs in', async () => {
    await rig.database(
      'doorman',
      `CREATE FUNCTION greet() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
      CREATE EVENT TRIGGER at_the_door ON login EXECUTE FUNCTION greet();`,
    );
    const { failure, notes } = await drilled(await dumped(rig, 'doorman'));
    expect([failure, notes.noted().skipped]).toEqual([undefined, ['EVENT TRIGGER - at_the_door']]);
  });
});

describe('a hostile dump', () => {
  let rig: DatabaseRig;
  const planted = async (name: string, script: string): Promise<DumpedDatabase> => {
    await rig.database(name, script);
    return dumped(rig, name, 'none');
  };
  beforeAll(async () => {
    rig = await DatabaseRig.start();
  });
  afterAll(() => rig.stop());
  afterEach(() => {
    calls = 0;
  });

  it.each([
    ['starts a program', `COPY (SELECT 1) TO PROGRAM 'touch GUARD/program'`],
    ['writes a file', `COPY (SELECT 1) TO 'GUARD/file'`],
    ['exports a large object', `PERFORM lo_export(lo_from_bytea(0, 'x'), 'GUARD/object')`],
    ['reads a file', `PERFORM pg_read_file('/etc/passwd')`],
    ['makes a superuser', 'CREATE ROLE intruder SUPERUSER'],
  ])('fails for want of a right where it %s', async (what, work) => {
    const { failure, notes } = await drilled(await planted(what, does(`${work.replace('GUARD', guard)};`)));
    expect(failure).toMatchObject({ reason: 'permission', detail: expect.stringContaining('42501') });
    expect([notes.phase, reached()]).toEqual(['restore', NOTHING]);
  });

  it('is stopped where it takes too long, whatever limits it sets itself', async () => {
    const { failure } = await drilled(await planted('slow', SLOW_TO_RESTORE), { limits: { spareSeconds: 4 } });
    expect(failure).toMatchObject({ reason: 'timeout', detail: 'the drill was not done after 4 s' });
  });

  it('is stopped where it takes more disk than the database had', async () => {
    const bomb = does(
      `LOOP INSERT INTO public.filled SELECT md5(random()::text || g) FROM generate_series(1, 20000) g; END LOOP;`,
    );
    const { failure } = await drilled(await planted('bomb', bomb), { limits: { spareDiskBytes: 100 * 1024 ** 2 } });
    expect(failure).toMatchObject({ reason: 'space', detail: expect.stringContaining('were allowed') });
  });

  it('is stopped where its archive is a thousand times as small as what it holds', async () => {
    await rig.database('dense', `CREATE TABLE dense AS SELECT repeat('a', 1000) AS t FROM generate_series(1, 300000)`);
    const dense = await dumped(rig, 'dense', 'gzip');
    const server = { ...dense.receipt.server, databaseBytes: 8_000_000 };
    const backup = { ...dense, receipt: { ...dense.receipt, server } };
    const { failure } = await drilled(backup, { limits: { spareDiskBytes: 60 * 1024 ** 2 } });
    expect(dense.archive.length).toBeLessThan(3_000_000);
    expect(failure).toMatchObject({ reason: 'space' });
  });

  it('is stopped where a query fills the disk with temp files', async () => {
    const spill = does(
      `PERFORM count(*) FROM (SELECT md5(g::text) AS m FROM generate_series(1, 100000000) g ORDER BY m) AS sorted;`,
    );
    const { failure } = await drilled(await planted('spill', spill), { limits: { spareDiskBytes: 100 * 1024 ** 2 } });
    expect(failure).toMatchObject({ reason: 'space' });
  });

  // An archive whose statements are no longer pg_dump's: as many bytes of SQL stand in place of a statement.
  it.each([
    ['in place of a comment', "COMMENT ON TABLE public.t IS '", 'permission'],
    ['in place of an extension', 'CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;', 'restore'],
  ])('runs no statement of its own as the superuser: %s', async (where, start, reason) => {
    const backup = await planted(
      where,
      `CREATE EXTENSION citext; CREATE TABLE t (a public.citext); COMMENT ON TABLE t IS '${'x'.repeat(200)}';`,
    );
    const at = backup.archive.indexOf(start);
    const end = backup.archive.indexOf(';', at) + 1;
    const sql = `COPY (SELECT 1) TO PROGRAM 'touch ${guard}/x';`;
    const crafted = Buffer.from(backup.archive);
    if (sql.length <= end - at) crafted.write(sql.padEnd(end - at), at, 'latin1');
    else crafted.write('ALTER ROLE nightproof_drill SUPERUSER;'.padEnd(end - at), at, 'latin1');
    expect(at).toBeGreaterThan(0);

    const { failure } = await drilled(resealed(backup, crafted));

    expect(failure?.reason).toBe(reason);
    expect(reached()).toEqual(NOTHING);
  });

  it('would have done all that in the hands of a superuser', async () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    await rig.database('evil', triesEverything({ guard: open, port, contrib: rig.server.install.hasContrib }));
    await rig.program('pg_dump', ['--format=custom', `--file=${join(folder, 'evil.dump')}`, 'evil']);
    await rig.restore(join(folder, 'evil.dump'), 'evil again');
    expect(readdirSync(open).sort()).toEqual(['copy-from-program', 'copy-to-file', 'copy-to-program', 'lo-export']);
    expect(calls > 0).toBe(rig.server.install.hasContrib);
  });
});
