import type { SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { isReachable, reachableTmpdir, type UnixUser, unprivilegedUser } from '../../runtime/postgres/unprivileged.ts';
import type { PostgresInstall } from '../setup/postgres.ts';
import { LOOPBACK } from './free-port.ts';
import { processGroup } from './process-group.ts';
import { type RunningServer, startServer } from './server-start.ts';

const PROBE_LIMIT_MS = 2000;
const SUPERUSER = 'postgres';

/** A throw-away server owes nothing to a power cut. */
const FAST_SETTINGS = {
  listen_addresses: LOOPBACK,
  unix_socket_directories: '',
  // in the data folder, not in /dev/shm, where a killed server would leave it
  dynamic_shared_memory_type: 'mmap',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '4GB',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

export interface PostgresOptions {
  /** An empty or missing folder for its data, which are kept. @default - a temp folder that is removed with the server */
  readonly dataDir?: string;
  /** Server settings, by name, over those of a fast throw-away server. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresServer {
  readonly install: PostgresInstall;
  readonly host: string;
  readonly port: number;
  /** The superuser, and its password, which is new for each server. */
  readonly user: string;
  readonly password: string;
  /** A connection URL of the superuser; it holds the password. */
  readonly url: (database: string) => string;
  readonly stop: () => Promise<void>;
}

/** Starts a PostgreSQL server on 127.0.0.1, never as root, and waits until it answers. */
export async function startPostgres(install: PostgresInstall, options: PostgresOptions = {}): Promise<PostgresServer> {
  const runAs = unprivilegedUser();
  const folder = processGroup.folder(`postgres${install.major}`, reachableTmpdir());
  const dataDir = options.dataDir === undefined ? join(folder.path, 'data') : resolve(options.dataDir);
  const cluster: Cluster = { install, folder: folder.path, dataDir, runAs, password: randomBytes(12).toString('hex') };
  try {
    prepareFolders(cluster);
    await initialize(cluster);
    const { port, process } = await launch(cluster, options);
    const stop = async (): Promise<void> => {
      await process.stop();
      folder.remove();
    };
    return { install, host: LOOPBACK, port, user: SUPERUSER, password: cluster.password, url: urlOf(cluster, port), stop };
  } catch (thrown) {
    folder.remove();
    throw thrown;
  }
}

interface Cluster {
  readonly install: PostgresInstall;
  /** For its log and small things. */
  readonly folder: string;
  readonly dataDir: string;
  readonly runAs: UnixUser | undefined;
  readonly password: string;
}

function prepareFolders({ install, folder, dataDir, runAs }: Cluster): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (runAs === undefined) return;
  for (const dir of [folder, dataDir]) chownSync(dir, runAs.uid, runAs.gid);
  for (const dir of [install.binDir, dirname(dataDir)]) {
    const own = dir === folder;
    if (!own && !isReachable(dir)) throw new Error(`PostgreSQL runs as user ${runAs.name}, who cannot reach ${dir}: ${OPEN_IT}`);
  }
}

const OPEN_IT =
  'let all users pass through it and the folders above, or choose another place (NIGHTPROOF_CACHE for what set-up brings).';

async function initialize({ install, folder, dataDir, runAs, password }: Cluster): Promise<void> {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (runAs !== undefined) chownSync(passwordFile, runAs.uid, runAs.gid);
  const places = [`--pgdata=${dataDir}`, `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`];
  const log = openSync(join(folder, 'initdb.log'), 'w+', 0o600);
  try {
    const command = join(install.binDir, 'initdb');
    const initdb = processGroup.spawn(command, [...places, ...INITDB_ARGS], {
      ...childOptions(folder, runAs),
      stdio: ['ignore', log, log],
    });
    const { code } = await initdb.closed;
    if (code !== 0)
      throw new Error(`initdb of PostgreSQL ${install.version} failed:\n${readFileSync(join(folder, 'initdb.log'), 'utf8')}`);
  } finally {
    closeSync(log);
    rmSync(passwordFile, { force: true });
  }
}

const INITDB_ARGS = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'];

function launch(cluster: Cluster, options: PostgresOptions): Promise<RunningServer> {
  const { install, folder, dataDir, runAs } = cluster;
  const settings = { ...FAST_SETTINGS, ...options.settings };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return startServer({
    name: `postgres${install.major}`,
    folder,
    command: join(install.binDir, 'postgres'),
    args: (port) => ['-D', dataDir, '-c', `port=${port}`, ...args],
    options: {
      ...childOptions(folder, runAs),
      // Data that nobody will read need no checkpoint; kept data get one, unless nobody is left to wait for it.
      stopSignal: options.dataDir === undefined ? 'SIGQUIT' : 'SIGINT',
      abandonSignal: 'SIGQUIT',
    },
    answers: (port) => answers(port, cluster.password),
  });
}

/** Nothing of our environment: PG variables would reach the server's own connections. */
function childOptions(cwd: string, runAs: UnixUser | undefined): SpawnOptions {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
  return runAs === undefined ? { cwd, env } : { cwd, env, uid: runAs.uid, gid: runAs.gid };
}

/** Only the server that we started knows this password. */
async function answers(port: number, password: string): Promise<boolean> {
  const client = new Client({
    host: LOOPBACK,
    port,
    user: SUPERUSER,
    database: 'postgres',
    password,
    ssl: false,
    connectionTimeoutMillis: PROBE_LIMIT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } finally {
    await client.end();
  }
}

const urlOf =
  ({ password }: Cluster, port: number) =>
  (database: string): string =>
    `postgresql://${SUPERUSER}:${password}@${LOOPBACK}:${port}/${encodeURIComponent(database)}`;
