import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresServer } from '../../../lib/local/servers/postgres-server.ts';
import { processGroup } from '../../../lib/local/servers/process-group.ts';
import { startServer } from '../../../lib/local/servers/server-start.ts';
import { reachableTmpdir, unprivilegedUser } from '../../../lib/runtime/postgres/unprivileged.ts';
import { session } from './server-session.ts';

/** What a server needs so that another can follow it. */
export const PRIMARY_SETTINGS = { wal_level: 'replica', max_wal_senders: '4' } as const;

/** A query that is in the way of what the primary has done is cancelled after so long. */
const CONFLICT_DELAY = '50ms';

const SETTINGS = {
  unix_socket_directories: '',
  dynamic_shared_memory_type: 'mmap',
  fsync: 'off',
  hot_standby: 'on',
  max_standby_streaming_delay: CONFLICT_DELAY,
  max_standby_archive_delay: CONFLICT_DELAY,
};

/** Starts a hot standby of a primary that runs with `PRIMARY_SETTINGS`: the same databases, and whoever reads there can be in the way. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const runAs = unprivilegedUser();
  const folder = processGroup.folder('standby', reachableTmpdir());
  const dataDir = join(folder.path, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  if (runAs) for (const dir of [folder.path, dataDir]) chownSync(dir, runAs.uid, runAs.gid);
  const as = {
    cwd: folder.path,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', PGPASSWORD: primary.password },
    ...(runAs && { uid: runAs.uid, gid: runAs.gid }),
  };
  await copyOf(primary, dataDir, as);
  const { install, host, port, user, password } = primary;
  const settings = Object.entries({ ...SETTINGS, listen_addresses: host }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { port: own, process } = await startServer({
    name: 'standby',
    folder: folder.path,
    command: join(install.binDir, 'postgres'),
    args: (at) => ['-D', dataDir, '-c', `port=${at}`, ...settings],
    options: { ...as, stopSignal: 'SIGQUIT', abandonSignal: 'SIGQUIT' },
    answers: (at) =>
      session({ ...primary, port: at }, 'postgres', async (client) => (await client.query('SELECT 1')).rowCount === 1),
  });
  return {
    install,
    host,
    port: own,
    user,
    password,
    url: (database) => primary.url(database).replace(`:${port}/`, `:${own}/`),
    async stop() {
      await process.stop();
      folder.remove();
    },
  };
}

/** Copies a running server with all that a standby needs to follow it. */
async function copyOf({ host, port, user, install }: PostgresServer, dataDir: string, as: object): Promise<void> {
  const source = [`--host=${host}`, `--port=${port}`, `--username=${user}`, '--no-password'];
  const how = [`--pgdata=${dataDir}`, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
  const copy = processGroup.spawn(join(install.binDir, 'pg_basebackup'), [...source, ...how], { ...as, stdio: 'ignore' });
  const { code } = await copy.closed;
  if (code !== 0) throw new Error(`pg_basebackup ended with exit code ${code}`);
}
