import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { type PostgresOptions, type PostgresServer, startPostgres } from '../../../lib/local/servers/postgres-server.ts';
import type { PostgresInstall } from '../../../lib/local/setup/postgres.ts';
import { isReachable, unprivilegedUser } from '../../../lib/runtime/postgres/unprivileged.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { toolchain } from '../../support/toolchain.ts';

const installs = (await toolchain()).postgres.filter((install) => install.hasServer);
const first = installs[0] as PostgresInstall;

async function started(install: PostgresInstall, options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = await startPostgres(install, options);
  onTestFinished(() => server.stop());
  return server;
}

async function ask(url: string, sql: string): Promise<Record<string, string>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(sql)).rows[0] ?? {};
  } finally {
    await client.end();
  }
}

const WHERE = "SELECT current_setting('server_version') AS version, current_setting('data_directory') AS folder";

it.each(installs)('starts a server of PostgreSQL $version that never runs as root', async (install) => {
  const server = await started(install);

  const { version, folder = '' } = await ask(server.url('postgres'), WHERE);

  const [pid] = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
  const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  expect(version).toContain(install.version);
  expect([Number(uid) > 0, statSync(folder).uid]).toEqual([true, Number(uid)]);
});

it('serves each its own when two run at once, and knows them apart by their passwords', async () => {
  const [one, two] = await Promise.all([started(first), started(first)]);
  await ask(one.url('postgres'), 'CREATE DATABASE mine');

  const { count } = await ask(two.url('postgres'), "SELECT count(*) FROM pg_database WHERE datname = 'mine'");
  expect([count, one.port === two.port]).toEqual(['0', false]);
  await expect(ask(one.url('postgres').replace(one.password, two.password), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
});

it('is UTF-8 with the C locale, and listens on the loopback only', async () => {
  const server = await started(first);

  const found = await ask(
    server.url('postgres'),
    "SELECT pg_encoding_to_char(encoding) AS encoding, datcollate, current_setting('listen_addresses') AS at FROM pg_database WHERE datname = 'postgres'",
  );

  expect(found).toEqual({ encoding: 'UTF8', datcollate: 'C', at: '127.0.0.1' });
});

it("writes names in URLs as they must be: its own client reaches 'a=b/c ü'", async () => {
  const server = await started(first);
  await ask(server.url('postgres'), 'CREATE DATABASE "a=b/c ü"');

  const psql = join(first.binDir, 'psql');
  const { stdout } = await promisify(execFile)(psql, ['-XAtc', 'SELECT current_database()', server.url('a=b/c ü')]);

  expect(stdout).toBe('a=b/c ü\n');
});

it('takes settings, and says the end of its log when it does not start', async () => {
  const server = await started(first, { settings: { max_connections: '17' } });

  expect(await ask(server.url('postgres'), 'SHOW max_connections')).toEqual({ max_connections: '17' });
  await expect(startPostgres(first, { settings: { max_connections: 'many' } })).rejects.toThrow(
    /ended instead of answering.*"many"/s,
  );
});

it('removes its data when it stops, unless it was told where to keep them', async () => {
  const kept = join(scratchFolder(), 'data');
  const [passing, keeping] = [await startPostgres(first), await startPostgres(first, { dataDir: kept })];
  const { folder = '' } = await ask(passing.url('postgres'), WHERE);

  await Promise.all([passing.stop(), keeping.stop()]);

  expect([existsSync(folder), existsSync(join(kept, 'PG_VERSION')), existsSync(join(kept, 'postmaster.pid'))]).toEqual([
    false,
    true,
    false,
  ]);
});

it('runs as user postgres or nobody for root, and as oneself otherwise', () => {
  expect(['postgres', 'nobody']).toContain(unprivilegedUser(0)?.name);
  expect(unprivilegedUser(1000)).toBeUndefined();
});

it('knows folders that other users cannot reach', () => {
  expect([isReachable('/usr/bin'), isReachable('/nowhere/at/all')]).toEqual([true, false]);
});
