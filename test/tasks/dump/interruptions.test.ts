import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/outcomes.ts';
import type { DatabaseSource } from '../../../lib/domain/source/source.ts';
import type { Ticker } from '../../../lib/runtime/ticker.ts';
import { MultipartUpload } from '../../../lib/runtime/upload/multipart-upload.ts';
import type { DumpDependencies, DumpProcesses } from '../../../tasks/dump/dump-job.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { dumpDependencies, runTask } from '../../support/dump-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const MIB = 1024 ** 2;
/** Half of hex packs away: some 30 MB of stream, in parts of the smallest size that S3 takes. */
const THIRTY_MEGABYTES = `CREATE TABLE big AS SELECT g AS id,
  (SELECT string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 60) i) AS t FROM generate_series(1, 30000) g`;

let store: VaultRig;
let server: DatabaseRig;
let source: DatabaseSource;
let tests = 0;

beforeAll(async () => {
  [store, server] = await Promise.all([VaultRig.start(), DatabaseRig.start()]);
  await server.database('big', THIRTY_MEGABYTES);
});
afterAll(() => Promise.all([store.stop(), server.stop()]));
beforeEach(() => {
  source = server.source('big', { id: `interrupted-${++tests}`, compression: 'gzip:1' });
});

type Streamed = (bytes: number, processes: DumpProcesses) => void;

/** Calls back once, when so many bytes have gone by. */
const at = (bytes: number, act: (processes: DumpProcesses) => void): Streamed => {
  let done = false;
  return (seen, processes) => {
    if (done || seen < bytes) return;
    done = true;
    act(processes);
  };
};

/** Runs the task with small parts, so that several are stored before the stream ends. */
function run(streamed: Streamed, overrides: Partial<DumpDependencies> = {}) {
  const deps = dumpDependencies({ server, store });
  return runTask(store, source, {
    ...deps,
    newUpload: ({ key, tags, stored }) =>
      new MultipartUpload(store.s3, {
        bucket: store.bucket,
        key,
        tags,
        stored,
        partSizes: () => 5 * MIB,
        head: (present) => store.vault.head(present),
      }),
    observer: { streamed },
    ...overrides,
  });
}

const kill = (pid: number | undefined, signal: NodeJS.Signals): void => {
  if (pid === undefined) throw new Error('there is no such process');
  process.kill(pid, signal);
};

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The server's processes that work for a dump. */
const backends = () =>
  server.sql<{ pid: number }>('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = 'nightproof'");

const nothingBut = (reason: string, detail: unknown) => ({
  objects: [],
  openUploads: [],
  records: [{ result: 'failure', failure: { reason, detail } }],
});

it('stores the dump in several parts where nothing interrupts it', async () => {
  let bytes = 0;
  const traces = await run((seen) => {
    bytes = seen;
  });
  expect(bytes).toBeGreaterThan(25 * MIB);
  expect(traces).toMatchObject({ exitCode: 0, objects: [`daily/${source.id}_20260419_020000.dump`], openUploads: [] });
});

describe('kill -9 of pg_dump', () => {
  it.each([0, 1, 2, 5, 8, 11, 15, 19, 23, 26].map((mib) => [mib]))('after %i MiB leaves nothing but the reason', async (mib) => {
    let processes: DumpProcesses | undefined;
    const traces = await run(
      at(mib * MIB + 1, (running) => {
        processes = running;
        kill(running.pgDump, 'SIGKILL');
      }),
    );
    expect(traces).toMatchObject({ exitCode: 75, ...nothingBut('truncated', expect.stringContaining('signal SIGKILL')) });
    expect([processes?.pgDump, processes?.pgRestore].map(isAlive)).toEqual([false, false]);
  });
});

describe('kill -9 of pg_restore', () => {
  it.each([0, 9, 26].map((mib) => [mib]))('after %i MiB leaves nothing but the reason', async (mib) => {
    const traces = await run(at(mib * MIB + 1, ({ pgRestore }) => kill(pgRestore, 'SIGKILL')));
    expect(traces).toMatchObject({ exitCode: 75, ...nothingBut('decode', expect.stringContaining('signal SIGKILL')) });
  });
});

describe('a request to stop', () => {
  it.each([0, 7, 21].map((mib) => [mib]))('after %i MiB ends both programs and leaves nothing but the reason', async (mib) => {
    const stop = new AbortController();
    let processes: DumpProcesses | undefined;
    const traces = await run(
      at(mib * MIB + 1, (running) => {
        processes = running;
        stop.abort(new Failure('cancelled', 'the task was told to stop (SIGTERM)'));
      }),
      { stop: stop.signal },
    );
    expect(traces).toMatchObject({ exitCode: 143, ...nothingBut('cancelled', expect.stringContaining('SIGTERM')) });
    expect([processes?.pgDump, processes?.pgRestore].map(isAlive)).toEqual([false, false]);
  });

  it('before anything started is heeded too', async () => {
    const stop = AbortSignal.abort(new Failure('cancelled', 'the task was told to stop (SIGTERM)'));
    expect(await run(() => undefined, { stop })).toMatchObject({ exitCode: 143, ...nothingBut('cancelled', expect.any(String)) });
  });
});

it('calls a dump truncated whose server session was ended in the middle', async () => {
  const traces = await run(
    at(3 * MIB, ({ pgDump }) => {
      // held for so long that nothing of it is left in a buffer when the session ends
      kill(pgDump, 'SIGSTOP');
      void backends()
        .then(([backend]) => server.sql('postgres', `SELECT pg_terminate_backend(${backend?.pid})`))
        .then(() => kill(pgDump, 'SIGCONT'));
    }),
  );
  expect(traces).toMatchObject({ exitCode: 75, ...nothingBut('truncated', expect.stringContaining('exit code 1 after')) });
});

it('gives up on a lock, and says who holds it', async () => {
  await server.database('locked', 'CREATE TABLE orders (a int)');
  const other = await server.session('locked');
  await other.query('BEGIN; LOCK TABLE orders');
  try {
    source = server.source('locked', { id: 'locked', limits: { ...source.limits, lockWaitSeconds: 1 } });
    expect(await run(() => undefined)).toMatchObject({
      exitCode: 75,
      ...nothingBut('lock-timeout', expect.stringMatching(/no lock within 1 s; locked now: public\.orders \(process \d+\)/)),
    });
  } finally {
    await other.end();
  }
});

it('gives up on a server that has gone silent', async () => {
  let backend: number | undefined;
  let now = 0;
  // a clock that stands still until the server does, and runs 250 times as fast from then on
  const ticker: Ticker = {
    now: () => now,
    every(_, callback) {
      const timer = setInterval(() => {
        if (backend) now += 5_000;
        callback();
      }, 20);
      return () => clearInterval(timer);
    },
  };
  const stopServer = async (): Promise<void> => {
    const pid = (await backends())[0]?.pid;
    kill(pid, 'SIGSTOP');
    backend = pid;
  };
  try {
    const traces = await run(
      at(2 * MIB, () => void stopServer()),
      { ticker },
    );
    expect(traces).toMatchObject({ exitCode: 75, ...nothingBut('timeout', expect.stringContaining('limits.noProgress')) });
  } finally {
    kill(backend, 'SIGCONT');
  }
});

it('says that its disk is full, and does not call that a failure of its own', async () => {
  const clients = async () => Promise.reject(Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' }));
  const traces = await run(() => undefined, { clients });
  expect(traces).toMatchObject({ exitCode: 1, ...nothingBut('space', 'the disk of the dump task takes no more (ENOSPC)') });
});

describe('something that changes between the preflight and pg_dump', () => {
  /** Runs as a role that may read the table, until `change` is done to it, right before pg_dump starts. */
  const runWhile = async (database: string, change: (clients: DumpDependencies['clients']) => DumpDependencies['clients']) => {
    await server.database(
      database,
      `CREATE ROLE "${database}" LOGIN PASSWORD 'x'; CREATE TABLE t AS SELECT 1 AS a; GRANT SELECT ON t TO "${database}"`,
    );
    source = server.source(database, { id: database });
    const { clients } = dumpDependencies({ server, store });
    return run(() => undefined, {
      clients: change(clients),
      credentials: server.credentials({ username: database, password: 'x' }),
    });
  };

  it('is named, when a right was taken away', async () => {
    const traces = await runWhile('revoked', (clients) => async () => {
      await server.sql('revoked', 'REVOKE SELECT ON t FROM revoked');
      return clients();
    });
    expect(traces).toMatchObject({
      exitCode: 1,
      ...nothingBut(
        'permission',
        expect.stringMatching(/GRANT SELECT ON TABLE public\.t TO revoked; \(pg_dump: exit code 1 after 0 bytes\)/),
      ),
    });
  });

  it('is named, when a right was taken away while pg_dump ran', async () => {
    await server.sql(
      'big',
      `CREATE ROLE midway LOGIN PASSWORD 'x'; CREATE TABLE later (a int); GRANT SELECT ON big, later TO midway`,
    );
    const traces = await run(
      at(2 * MIB, ({ pgDump }) => {
        kill(pgDump, 'SIGSTOP');
        void server.sql('big', 'REVOKE SELECT ON later FROM midway').then(() => kill(pgDump, 'SIGCONT'));
      }),
      { credentials: server.credentials({ username: 'midway', password: 'x' }) },
    );
    expect(traces).toMatchObject({ exitCode: 1, ...nothingBut('permission', expect.stringContaining('table public.later')) });
  });

  it('is named, when the database is gone', async () => {
    const traces = await runWhile('dropped', (clients) => async () => {
      await server.sql('postgres', 'DROP DATABASE dropped');
      return clients();
    });
    expect(traces).toMatchObject({ exitCode: 1, ...nothingBut('no-database', expect.any(String)) });
  });

  it('is named, when the role has no connection left', async () => {
    const traces = await runWhile('crowded', (clients) => async () => {
      await server.sql('postgres', 'ALTER ROLE crowded CONNECTION LIMIT 0');
      return clients();
    });
    expect(traces).toMatchObject({ exitCode: 75, ...nothingBut('busy', expect.any(String)) });
  });
});

it('leaves one object when two tries of a slot overlap, and both agree on it', async () => {
  await server.database('twice', 'CREATE TABLE t AS SELECT generate_series(1, 1000)');
  source = server.source('twice', { id: 'twice' });
  let inner: Awaited<ReturnType<typeof run>> | undefined;
  const outer = await run(() => undefined, {
    observer: {
      // the outer try is about to complete its upload when the inner one starts, and is done
      completing: async () => {
        inner = await run(() => undefined);
      },
    },
  });
  expect([inner?.exitCode, outer.exitCode]).toEqual([0, 0]);
  expect(outer).toMatchObject({
    objects: [expect.any(String)],
    openUploads: [],
    records: [{ result: 'receipt' }, { result: 'receipt' }],
  });
});
