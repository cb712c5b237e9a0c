import type { ChildCommand } from '../child.ts';
import { PLAIN_LOCALE } from '../child.ts';
import { verifiesServer } from './ca-bundle.ts';
import type { PostgresClient } from './clients.ts';
import type { ChosenCompression } from './compression.ts';
import type { ConnectionFiles } from './connection-files.ts';
import { conninfo, STEADY_CONNECTION } from './conninfo.ts';
import type { ServerAddress } from './credentials.ts';
import type { DatabaseAddress } from './server-connection.ts';

export interface DumpOptions {
  readonly client: PostgresClient;
  readonly server: ServerAddress;
  readonly database: DatabaseAddress;
  readonly files: ConnectionFiles;
  readonly compression: ChosenCompression;
  readonly lockWaitSeconds: number;
}

/** pg_dump to stdout. Every option holds its value after "=", so that no name can be taken for an option. */
export function pgDumpCommand({ client, server, database, files, compression, lockWaitSeconds }: DumpOptions): ChildCommand {
  const connection = conninfo({
    host: server.host,
    port: server.port,
    user: server.user,
    dbname: database.database,
    sslmode: database.sslMode,
    ...(verifiesServer(database.sslMode) && { sslrootcert: files.authoritiesFile }),
    ...STEADY_CONNECTION,
  });
  return {
    program: client.pgDump,
    args: [
      '--format=custom',
      compression.option,
      `--lock-wait-timeout=${lockWaitSeconds * 1000}`,
      '--no-password',
      `--dbname=${connection}`,
    ],
    env: { ...PLAIN_LOCALE, PGPASSFILE: files.passwordFile },
  };
}

/** pg_restore from stdin to stdout, without a server: the rows as SQL, and none of the definitions. */
export const pgRestoreCommand = ({ pgRestore }: PostgresClient): ChildCommand => ({
  program: pgRestore,
  args: ['--data-only', '--file=-'],
  env: PLAIN_LOCALE,
});
