import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveEntries } from '../../lib/domain/drill/archive-entries.ts';
import { Failure, type Reason } from '../../lib/domain/outcomes.ts';
import { type ChildCommand, type ChildExit, PLAIN_LOCALE, showExit, startChild, succeeded } from '../../lib/runtime/child.ts';
import type { PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import type { ConnectionFiles } from '../../lib/runtime/postgres/connection-files.ts';
import { conninfo } from '../../lib/runtime/postgres/conninfo.ts';
import { listOfEntries } from '../../lib/runtime/postgres/dump-commands.ts';
import type { ScratchServer } from '../../lib/runtime/postgres/scratch-server.ts';
import { whenAborted } from '../../lib/runtime/when-aborted.ts';
import type { ScratchDatabase } from './scratch-database.ts';

export interface Restoring {
  readonly client: PostgresClient;
  readonly server: ScratchServer;
  readonly database: ScratchDatabase;
  readonly files: ConnectionFiles;
  readonly archive: string;
  readonly entries: ArchiveEntries;
  /** For the list of entries. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** SQLSTATEs that are no fault of the archive. */
const REASON_BY_SQLSTATE: Readonly<Record<string, Reason>> = {
  '53100': 'space',
  '53400': 'space',
  '42501': 'permission',
};

/** Restores an archive as the owner of the database, in one transaction: with its first error nothing of it is left. */
export async function restoreArchive(restoring: Restoring): Promise<void> {
  const { server, database, entries, folder, signal } = restoring;
  const listFile = join(folder, 'restored.list');
  await writeFile(listFile, listOfEntries(entries.restored(database.schemas)), { mode: 0o600 });
  const since = await server.mark();
  const child = startChild(pgRestore(restoring, listFile));
  try {
    child.stdout.resume();
    const exit = await Promise.race([child.exited, whenAborted(signal)]);
    if (!succeeded(exit)) throw await why(exit, restoring, since);
  } finally {
    await child.stop();
  }
}

const pgRestore = ({ client, database, files, archive }: Restoring, listFile: string): ChildCommand => ({
  program: client.pgRestore,
  args: [
    '--exit-on-error',
    '--single-transaction',
    '--no-owner',
    '--no-acl',
    '--no-tablespaces',
    '--no-security-labels',
    '--no-password',
    `--use-list=${listFile}`,
    `--dbname=${conninfo({
      host: database.owner.host,
      port: database.owner.port,
      user: database.owner.user,
      dbname: database.name,
      application_name: 'nightproof',
    })}`,
    archive,
  ],
  env: { ...PLAIN_LOCALE, PGPASSFILE: files.passwordFile },
});

/** How many entries a sentence names. */
const NAMED = 5;

/** pg_restore says in prose what it met; the server has logged a code. No code: the archive could not be read, or pg_restore was killed. */
async function why(exit: ChildExit, { server, entries }: Restoring, since: number): Promise<Failure> {
  const sqlState = await server.firstError(since);
  if (sqlState === undefined) return new Failure('restore', `pg_restore: ${showExit(exit)}; the server refused nothing`);
  const reason = REASON_BY_SQLSTATE[sqlState] ?? 'restore';
  const detail = `the restore was refused with SQLSTATE ${sqlState} (pg_restore: ${showExit(exit)})`;
  if (reason !== 'permission') return new Failure(reason, detail);
  const named = entries.superusersOnly.length > 0 ? `: ${entries.superusersOnly.slice(0, NAMED).join(', ')}` : '';
  return new Failure(reason, `not restorable here: the archive holds what only a superuser may make or do${named}; ${detail}`);
}
