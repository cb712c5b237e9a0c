import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { contentsDifferences, showDifference } from '../../lib/domain/backup/contents-difference.ts';
import type { DatabaseReceipt, DumpContents } from '../../lib/domain/backup/receipt.ts';
import { type ArchiveEntries, archiveEntries } from '../../lib/domain/drill/archive-entries.ts';
import { archivePrelude } from '../../lib/domain/drill/archive-prelude.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { watchDisk } from '../../lib/runtime/disk-watch.ts';
import { type GuardedFolder, guardedFolder } from '../../lib/runtime/guarded-folder.ts';
import { clientFor, type PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import { type ConnectionFiles, writeConnectionFiles } from '../../lib/runtime/postgres/connection-files.ts';
import { pgDumpCommand, pgRestoreCommand } from '../../lib/runtime/postgres/dump-commands.ts';
import { streamDump } from '../../lib/runtime/postgres/dump-stream.ts';
import { ProgramEnded } from '../../lib/runtime/postgres/program-ended.ts';
import { type ScratchServer, startScratchServer } from '../../lib/runtime/postgres/scratch-server.ts';
import type { ServerPrograms } from '../../lib/runtime/postgres/server-programs.ts';
import { readToc } from '../../lib/runtime/restore/read-archive.ts';
import { askProbes } from './ask-probes.ts';
import { type DrillLimits, deadlineMs, diskBudget } from './drill-limits.ts';
import type { DrillNotes } from './drill-notes.ts';
import { restoreArchive } from './restore-archive.ts';
import { makeScratchDatabase, type ScratchDatabase } from './scratch-database.ts';

export interface DatabaseDrill {
  readonly receipt: DatabaseReceipt;
  /** The database's own name. */
  readonly database: string | undefined;
  /** Writes the archive to this path, and throws where it is not, byte by byte, the one that the receipt speaks of. */
  readonly fetch: (path: string, signal: AbortSignal) => Promise<void>;
  /** Questions in SQL. */
  readonly probes: readonly string[];
  readonly clients: readonly PostgresClient[];
  readonly servers: readonly ServerPrograms[];
  /** Where the folder of the drill is made: its path begins so. */
  readonly scratch: string;
  readonly limits: DrillLimits;
  readonly notes: DrillNotes;
  /** Fires when the drill is to end, with the reason. */
  readonly signal: AbortSignal;
}

/**
 * Restores a database's backup into a server that lives as long as this takes, dumps it again and compares all rows with the receipt.
 * Nothing in the archive is trusted: it is restored by a role without rights, and what it may use up is bounded. Throws a `Failure`
 * where it does not come back as it was; server and folder are gone when this settles.
 */
export async function drillDatabase(drill: DatabaseDrill): Promise<void> {
  const { receipt, servers, clients, limits, scratch, notes } = drill;
  const client = clientFor(clients, receipt.server.major);
  const programs = serverFor(servers, receipt.server.major);
  const folder = guardedFolder(scratch);
  const halt = new AbortController();
  const signal = AbortSignal.any([drill.signal, halt.signal]);
  const budget = diskBudget(receipt, limits);
  const deadline = setTimeout(() => halt.abort(tooLong(receipt, limits)), deadlineMs(receipt, limits)).unref();
  const endWatch = watchDisk(join(folder.path, 'server'), budget, (bytes) => halt.abort(tooLarge(bytes, budget)));
  let server: ScratchServer | undefined;
  try {
    const archive = join(folder.path, 'archive');
    await notes.during('fetch', () => drill.fetch(archive, signal));
    server = await notes.during('server', () => startScratchServer({ programs, folder, tempFileBytes: budget, signal }));
    notes.server = { version: server.version };
    await rehearse({ ...drill, signal, client, server, folder, archive });
  } catch (error) {
    // whatever broke after it was told to stop, broke because of that
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    clearTimeout(deadline);
    endWatch();
    await server?.stop();
    folder.remove();
  }
}

interface Rehearsal extends DatabaseDrill {
  readonly client: PostgresClient;
  readonly server: ScratchServer;
  readonly folder: GuardedFolder;
  readonly archive: string;
}

async function rehearse(rehearsal: Rehearsal): Promise<void> {
  const { notes, receipt, limits, probes, signal } = rehearsal;
  const { database, entries } = await notes.during('server', () => prepare(rehearsal));
  notes.skip(entries.skipped);
  notes.warn(database.warnings);
  const files = await writeConnectionFiles(database.owner.password, rehearsal.folder.path);
  try {
    await notes.during('restore', () =>
      restoreArchive({ ...rehearsal, database, files, entries, folder: rehearsal.folder.path }),
    );
    await notes.during('compare', async () => compare(await dumpAgain(rehearsal, database, files), receipt.contents, notes));
  } finally {
    await files.remove();
  }
  await notes.during('probes', () => askProbes(database, { probes, seconds: limits.probeSeconds, notes, signal }));
}

async function prepare(rehearsal: Rehearsal): Promise<{ readonly database: ScratchDatabase; readonly entries: ArchiveEntries }> {
  const { entries } = await readToc(createReadStream(rehearsal.archive, { signal: rehearsal.signal }));
  const database = await makeScratchDatabase(rehearsal.server, rehearsal.database, archivePrelude(entries));
  return { database, entries: archiveEntries(entries) };
}

async function dumpAgain(
  { client, signal }: Rehearsal,
  { name, owner }: ScratchDatabase,
  files: ConnectionFiles,
): Promise<DumpContents> {
  const pgDump = pgDumpCommand({
    client,
    server: owner,
    database: { database: name, sslMode: 'disable' },
    files,
    compression: { name: 'none', option: '--compress=0' },
    lockWaitSeconds: 60,
  });
  try {
    const { contents } = await streamDump({ pgDump, pgRestore: pgRestoreCommand(client), signal, streamed: () => undefined });
    return contents;
  } catch (error) {
    if (!(error instanceof ProgramEnded)) throw error;
    throw new Failure('restore', `what was restored could not be dumped again (${error.message})`, { cause: error });
  }
}

function compare(found: DumpContents, backedUp: DumpContents, notes: DrillNotes): void {
  const sum = (of: (table: DumpContents['tables'][number]) => number): number =>
    found.tables.reduce((total, table) => total + of(table), 0);
  notes.compared = {
    tables: found.tables.length,
    rows: sum(({ rows }) => rows),
    files: 0,
    bytes: sum(({ bytes }) => bytes) + found.largeObjects.bytes,
  };
  notes.differences = [...contentsDifferences(found, backedUp)];
  if (notes.differences.length === 0) return;
  const shown = notes.differences.slice(0, SHOWN).map(showDifference).join('; ');
  const more = notes.differences.length > SHOWN ? `; and ${notes.differences.length - SHOWN} more` : '';
  throw new Failure('difference', `restored, and dumped again: ${shown}${more}`);
}

/** Differences that a sentence can hold. */
const SHOWN = 3;

function serverFor(servers: readonly ServerPrograms[], major: number): ServerPrograms {
  const found = servers.find((server) => server.major === major);
  if (found) return found;
  const present = servers.map(({ version }) => version).join(', ') || 'none';
  throw new Failure('version', `not restorable here: needs a server of PostgreSQL ${major}; servers here: ${present}`);
}

const tooLarge = (bytes: number, budget: number): Failure =>
  new Failure(
    'space',
    `the restore had taken ${bytes} bytes of disk when it was stopped; ${budget} were allowed for this backup`,
  );

const tooLong = (receipt: DatabaseReceipt, limits: DrillLimits): Failure =>
  new Failure('timeout', `the drill was not done after ${Math.round(deadlineMs(receipt, limits) / 1000)} s`);
