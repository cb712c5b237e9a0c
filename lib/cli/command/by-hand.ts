import { basename, posix } from 'node:path';
import type { Receipt } from '../../domain/backup/receipt.ts';
import type { Connection } from '../../domain/config/connection.ts';
import { artifactKeyOf } from '../../domain/source/artifact-of.ts';
import type { DatabaseSource, DatedFolderSource, GlobalsSource, Source } from '../../domain/source/source.ts';
import type { Slot } from '../../domain/time/slot.ts';
import type { ChildCommand } from '../../runtime/child.ts';
import { type ChosenCompression, chooseCompression } from '../../runtime/postgres/compression.ts';
import { pgDumpallCommand, pgDumpCommand } from '../../runtime/postgres/dump-commands.ts';
import { tarCommand } from '../../runtime/tree/tar-command.ts';
import { findNames } from './find-names.ts';

/** What the task runs for a source, told to a person. */
export interface ByHand {
  /** What has to be known, or put in place, first. */
  readonly notes: readonly string[];
  /** The program as the task starts it; names in capitals stand for what only a secret says. */
  readonly command: ChildCommand;
  /** What writes its input, where it reads one. */
  readonly input?: { readonly folder: string; readonly stages: readonly (readonly string[])[] };
  /** What its output goes through. */
  readonly through: readonly (readonly string[])[];
  /** Where it ends. */
  readonly file: string;
}

/** Where the task mounts volumes. */
const MOUNTS = '/mnt';

const FILES = { passwordFile: 'pgpass', authoritiesFile: 'authorities.pem', remove: async () => undefined };

const DEFAULT_PORT = 5432;

/** The command of a source. With the receipt of its newest backup it is the one that made that backup. */
export async function byHand(source: Source, slot: Slot, receipt: Receipt | undefined): Promise<ByHand> {
  const { recipients } = source;
  const encrypted = recipients ? [['age', ...recipients.flatMap((recipient) => ['-r', recipient])]] : [];
  const file = basename(artifactKeyOf(source, slot));
  if (source.kind === 'database') return { ...(await dump(source, receipt)), through: encrypted, file };
  if (source.kind === 'globals') return { ...globals(source, receipt), through: encrypted, file };
  const { tree, packed } = archive(source);
  return { ...tree, through: [packed, ...encrypted], file };
}

type Program = Pick<ByHand, 'notes' | 'command'>;

async function dump(source: DatabaseSource, receipt: Receipt | undefined): Promise<Program> {
  const { connection, database, limits } = source;
  const made = receipt?.kind === 'database' ? receipt : undefined;
  const client = { major: 0, version: '', pgDump: 'pg_dump', pgRestore: 'pg_restore' };
  const compression = await compressionOf(source, made?.client.compression);
  return {
    notes: [
      made
        ? `With the pg_dump of the server's major version, ${made.server.major}.`
        : `With the pg_dump of the server's major version; without zstd in it the task takes --compress=1.`,
      ...connectionNotes(connection),
    ],
    command: pgDumpCommand({
      client,
      server: addressOf(connection),
      database: { database, sslMode: connection.sslMode },
      files: FILES,
      compression,
      lockWaitSeconds: limits.lockWaitSeconds,
      choices: source,
    }),
  };
}

/** What the client did last time, since "auto" is settled by what the client can do. */
async function compressionOf({ compression }: DatabaseSource, made: string | undefined): Promise<ChosenCompression> {
  const name = (made ?? (compression === 'auto' ? 'zstd:1' : compression)) as ChosenCompression['name'];
  if (name.startsWith('zstd')) return { name, option: `--compress=${name}` };
  return chooseCompression(name, { major: 0, version: '', pgDump: '', pgRestore: '' });
}

function globals({ connection }: GlobalsSource, receipt: Receipt | undefined): Program {
  const made = receipt?.kind === 'globals' ? receipt : undefined;
  return {
    notes: [
      `With the pg_dumpall of the server's major version${made ? `, ${made.server.major}` : ''}.`,
      ...(made ? [] : ['Where the role may not read pg_authid (RDS), the task adds --no-role-passwords.']),
      ...connectionNotes(connection),
    ],
    command: pgDumpallCommand({
      pgDumpall: 'pg_dumpall',
      server: addressOf(connection),
      database: { database: 'postgres', sslMode: connection.sslMode },
      files: FILES,
      passwords: made?.contents.passwords ?? true,
    }),
  };
}

type Tree = Extract<Source, { readonly volume: string }>;

function archive(source: Tree): { readonly tree: Omit<ByHand, 'through' | 'file'>; readonly packed: readonly string[] } {
  const folder = posix.join(MOUNTS, source.volume, source.folder);
  const [method = 'gzip', level = '6'] = source.compression.split(':');
  return {
    tree: {
      notes: [
        `With GNU tar and GNU find. ${MOUNTS}/${source.volume} is where the task has the volume ${source.volume}; put your own mount there.`,
      ],
      command: tarCommand({ program: 'tar', version: '' }, folder),
      input: { folder, stages: findNames(rootsOf(source), source.exclude) },
    },
    packed: [method, `-${level}`],
  };
}

const rootsOf = (source: Tree): readonly string[] => (source.kind === 'datedFolder' ? [dateOf(source)] : source.roots);
const dateOf = ({ date }: DatedFolderSource): string => date;

/** What the configuration does not say, in capitals. */
const addressOf = ({ host = 'HOST', port = DEFAULT_PORT, user = 'USER' }: Connection) => ({ host, port, user });

function connectionNotes({ secret, host, port, user, auth, sslMode }: Connection): readonly string[] {
  const unknown = [host === undefined && 'HOST', user === undefined && 'USER'].filter((name) => name !== false);
  const asksPort = port === undefined && secret !== undefined;
  return [
    ...(unknown.length > 0
      ? [`${unknown.join(' and ')}: as in the secret ${secret}${asksPort ? ', and its port if it names one' : ''}.`]
      : []),
    auth === 'iam'
      ? 'pgpass: a file with the line *:*:*:*:TOKEN, made by aws rds generate-db-auth-token, its colons as \\:, chmod 600.'
      : `pgpass: a file with the line *:*:*:*:PASSWORD, of the secret ${secret}, chmod 600.`,
    ...(sslMode.startsWith('verify')
      ? ['authorities.pem: the certificates to trust; of RDS https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem']
      : []),
  ];
}
