import { quoted } from '../../domain/restore/statements-of.ts';
import type { DatabaseSource } from '../../domain/source/source.ts';
import type { ChildCommand } from '../child.ts';
import { PLAIN_LOCALE } from '../child.ts';
import { verifiesServer } from './ca-bundle.ts';
import type { PostgresClient } from './clients.ts';
import type { ChosenCompression } from './compression.ts';
import type { ConnectionFiles } from './connection-files.ts';
import { type ConninfoParameters, conninfo, STEADY_CONNECTION } from './conninfo.ts';
import type { TableName } from './copy-statement.ts';
import type { ServerAddress } from './credentials.ts';
import type { DatabaseAddress } from './server-connection.ts';

/** Where a program of PostgreSQL's connects to. */
interface ConnectOptions {
  readonly server: ServerAddress;
  readonly database: DatabaseAddress;
  readonly files: ConnectionFiles;
}

export interface DumpOptions extends ConnectOptions {
  readonly client: PostgresClient;
  readonly compression: ChosenCompression;
  readonly lockWaitSeconds: number;
  readonly choices?: Pick<DatabaseSource, 'exclude' | 'excludeData' | 'portable'>;
}

/** pg_dump to stdout. Every option holds its value after "=", so that no name can be taken for an option. */
export const pgDumpCommand = ({ client, compression, lockWaitSeconds, choices = {}, ...to }: DumpOptions): ChildCommand => ({
  program: client.pgDump,
  args: [
    '--format=custom',
    compression.option,
    `--lock-wait-timeout=${lockWaitSeconds * 1000}`,
    '--no-password',
    ...contentOptions(choices),
    `--dbname=${connectionString(to, { options: SAME_TEXT })}`,
  ],
  env: childEnvironment(to.files),
});

/**
 * pg_dump settles how dates, intervals and floats are written, but leaves these two to server, database and role; then the same
 * rows would have another text, and so another hash, when they are dumped from the server that they were restored into.
 */
const SAME_TEXT = '-c timezone=UTC -c bytea_output=hex';

/** An archive keeps the names of owners even so, and pg_restore leaves them out when it is told the same. */
const PORTABLE = ['--no-owner', '--no-acl'];

const contentOptions = ({ exclude = [], excludeData = [], portable }: NonNullable<DumpOptions['choices']>): readonly string[] => [
  ...exclude.map((pattern) => `--exclude-table=${pattern}`),
  ...excludeData.map((pattern) => `--exclude-table-data=${pattern}`),
  ...(portable ? PORTABLE : []),
];

/** Limits of the role are for its daily work; pg_dump lifts them for itself, pg_dumpall does not. */
const WITHOUT_LIMITS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
  .map((limit) => `-c ${limit}=0`)
  .join(' ');

export interface GlobalsOptions extends ConnectOptions {
  readonly pgDumpall: string;
  /** Whether the role may read them. */
  readonly passwords: boolean;
}

/** pg_dumpall to stdout: roles, their settings and tablespaces. */
export const pgDumpallCommand = ({ pgDumpall, passwords, ...to }: GlobalsOptions): ChildCommand => ({
  program: pgDumpall,
  args: [
    '--globals-only',
    ...(passwords ? [] : ['--no-role-passwords']),
    '--no-password',
    // it takes everything from the connection string but this
    `--database=${to.database.database}`,
    `--dbname=${connectionString(to, { options: WITHOUT_LIMITS })}`,
  ],
  env: childEnvironment(to.files),
});

const connectionString = ({ server, database, files }: ConnectOptions, more: ConninfoParameters = {}): string =>
  conninfo({
    host: server.host,
    port: server.port,
    user: server.user,
    dbname: database.database,
    sslmode: database.sslMode,
    ...(verifiesServer(database.sslMode) && { sslrootcert: files.authoritiesFile }),
    ...STEADY_CONNECTION,
    ...more,
  });

const childEnvironment = (files: ConnectionFiles): ChildCommand['env'] => ({ ...PLAIN_LOCALE, PGPASSFILE: files.passwordFile });

export interface ScanOptions extends ConnectOptions {
  readonly client: PostgresClient;
  readonly lockWaitSeconds: number;
  /** Only the rows of these tables. @default all */
  readonly tables?: readonly TableName[];
}

/** pg_dump to stdout: the rows as SQL, and none of the definitions, as pg_restore writes them of an archive. */
export const scanCommand = ({ client, lockWaitSeconds, tables = [], ...to }: ScanOptions): ChildCommand => ({
  program: client.pgDump,
  args: [
    '--data-only',
    `--lock-wait-timeout=${lockWaitSeconds * 1000}`,
    '--no-password',
    ...tables.map(({ schema, name }) => `--table=${quoted(schema)}.${quoted(name)}`),
    `--dbname=${connectionString(to, { options: SAME_TEXT })}`,
  ],
  env: childEnvironment(to.files),
});

export interface RestoreOptions extends ConnectOptions {
  readonly client: PostgresClient;
  /** False: everything belongs to the role that restores, and nobody is granted anything. */
  readonly owners: boolean;
  readonly tablespaces: boolean;
  /** Whether what the archive holds is dropped first where it is there. */
  readonly clean: boolean;
  /** A file with the numbers of the entries that are restored. @default all */
  readonly listFile?: string;
}

/** What such a file holds. */
export const listOfEntries = (ids: readonly number[]): string => ids.map((id) => `${id};\n`).join('');

/** pg_restore from stdin into a database: all of it in one transaction, or nothing. */
export const restoreCommand = ({ client, owners, tablespaces, clean, listFile, ...to }: RestoreOptions): ChildCommand => ({
  program: client.pgRestore,
  args: [
    '--exit-on-error',
    '--single-transaction',
    // else it does not name the entry at which it failed
    '--verbose',
    '--no-password',
    ...(owners ? [] : PORTABLE),
    ...(tablespaces ? [] : ['--no-tablespaces']),
    ...(clean ? ['--clean', '--if-exists'] : []),
    ...(listFile === undefined ? [] : [`--use-list=${listFile}`]),
    `--dbname=${connectionString(to)}`,
  ],
  env: childEnvironment(to.files),
});

/** pg_restore from stdin to stdout, without a server: the rows as SQL, and none of the definitions. */
export const pgRestoreCommand = ({ pgRestore }: PostgresClient): ChildCommand => ({
  program: pgRestore,
  args: ['--data-only', '--file=-'],
  env: PLAIN_LOCALE,
});
