import { chownSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresServer } from '../../../lib/local/servers/postgres-server.ts';
import { processGroup } from '../../../lib/local/servers/process-group.ts';
import { startServer } from '../../../lib/local/servers/server-start.ts';
import { reachableTmpdir, unprivilegedUser } from '../../../lib/local/servers/unprivileged.ts';

/** What a server needs so that another can follow it. */
export const PRIMARY_SETTINGS = { wal_level: 'replica', max_wal_senders: '4', hot_standby: 'on' } as const;

/** A query that is in the way of what the primary has done is cancelled after so long. */
const CONFLICT_DELAY = '50ms';

/** Starts a hot standby of a primary that runs with `PRIMARY_SETTINGS`: the same databases, and whoever reads there can be in the way. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const runAs = unprivilegedUser();
  const folder = processGroup.folder('standby', reachableTmpdir());
  const dataDir = join(folder.path, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  if (runAs) for (const dir of [folder.path, dataDir]) chownSync(dir, runAs.uid, runAs.gid);
  const as = { cwd: folder.path, ...(runAs && { uid: runAs.uid, gid: runAs.gid }) };
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

  const { host, port, user, password, install } = primary;
  const log = openSync(join(folder.path, 'basebackup.log'), 'w');
  const source = [`--host=${host}`, `--port=${port}`, `--username=${user}`, '--no-password'];
  const how = [`--pgdata=${dataDir}`, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
  const copy = processGroup.spawn(join(install.binDir, 'pg_basebackup'), [...source, ...how], {
    ...as,
    env: { ...env, PGPASSWORD: password },
    stdio: ['ignore', log, log],
  });
  const { code } = await copy.closed;
  if (code !== 0) throw new Error(`pg_basebackup ended with exit code ${code}`);

  const settings = {
    listen_addresses: host,
    unix_socket_directories: '',
    dynamic_shared_memory_type: 'mmap',
    fsync: 'off',
    max_standby_streaming_delay: CONFLICT_DELAY,
    max_standby_archive_delay: CONFLICT_DELAY,
    hot_standby: 'on',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { port: own, process } = await startServer({
    name: 'standby',
    folder: folder.path,
    command: join(install.binDir, 'postgres'),
    args: (at) => ['-D', dataDir, '-c', `port=${at}`, ...args],
    options: { ...as, env, stopSignal: 'SIGQUIT', abandonSignal: 'SIGQUIT' },
    answers: (at) => answers({ host, port: at, user, password }),
  });
  const stop = async (): Promise<void> => {
    await process.stop();
    folder.remove();
  };
  const url = (database: string): string => primary.url(database).replace(`:${port}/`, `:${own}/`);
  return { install, host, port: own, user, password, url, stop };
}

async function answers(to: { host: string; port: number; user: string; password: string }): Promise<boolean> {
  const client = new Client({ ...to, database: 'postgres', ssl: false, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } finally {
    await client.end();
  }
}
