import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { DatabaseReceipt } from '../../lib/domain/backup/receipt.ts';
import type { DrillPhase } from '../../lib/domain/drill/evidence.ts';
import { type FailureFacts, factsOfThrown } from '../../lib/domain/outcomes.ts';
import { clientFor, findClients, type PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import { writeConnectionFiles } from '../../lib/runtime/postgres/connection-files.ts';
import { pgDumpCommand, pgRestoreCommand } from '../../lib/runtime/postgres/dump-commands.ts';
import { streamDump } from '../../lib/runtime/postgres/dump-stream.ts';
import { findServers, type ServerPrograms } from '../../lib/runtime/postgres/server-programs.ts';
import { drillDatabase } from '../../tasks/drill/drill-database.ts';
import { DRILL_LIMITS, type DrillLimits } from '../../tasks/drill/drill-limits.ts';
import { DrillNotes } from '../../tasks/drill/drill-notes.ts';
import { fetchArchive } from '../../tasks/drill/fetch-archive.ts';
import type { DatabaseRig } from './database-rig.ts';
import { receiptOf, SUNDAY } from './night.ts';
import { toolchain } from './toolchain.ts';

/** A backup as the night makes it, without a vault around it. */
export interface DumpedDatabase {
  readonly archive: Buffer;
  readonly receipt: DatabaseReceipt;
  readonly database: string;
}

export type DumpCompression = 'none' | 'gzip' | 'zstd';

const OPTION: Readonly<Record<DumpCompression, string>> = {
  none: '--compress=0',
  gzip: '--compress=1',
  zstd: '--compress=zstd:1',
};

/** Dumps a database of the rig as the dump task does. */
export async function dumped(rig: DatabaseRig, database: string, compression: DumpCompression = 'gzip'): Promise<DumpedDatabase> {
  const { server } = rig;
  const { clients } = await programs();
  const client = clientFor(clients, server.install.major);
  const files = await writeConnectionFiles(server.password);
  const pieces: Buffer[] = [];
  try {
    const pgDump = pgDumpCommand({
      client,
      server,
      files,
      lockWaitSeconds: 60,
      database: { database, sslMode: 'disable' },
      compression: { name: compression === 'none' ? 'none' : `${compression}:1`, option: OPTION[compression] },
    });
    const write = async (piece: Buffer): Promise<void> => void pieces.push(Buffer.from(piece));
    const signal = new AbortController().signal;
    const pgRestore = pgRestoreCommand(client);
    const { contents } = await streamDump({ pgDump, pgRestore, sink: { write }, signal, streamed: () => undefined });
    const [size] = await rig.sql<{ bytes: string }>(database, 'SELECT pg_database_size(current_database()) AS bytes');
    const receipt: DatabaseReceipt = {
      ...receiptOf('shop', SUNDAY, Buffer.concat(pieces)),
      server: { version: server.install.version, major: server.install.major, databaseBytes: Number(size?.bytes) },
      client: { version: client.version, compression },
      finishedAt: receiptOf('shop', SUNDAY, Buffer.alloc(0)).startedAt,
      contents,
    };
    return { archive: Buffer.concat(pieces), receipt: { ...receipt, ...digestOf(Buffer.concat(pieces)) }, database };
  } finally {
    await files.remove();
  }
}

/** The same backup with other bytes, and with a receipt that agrees with them: damage from before they were hashed. */
export const resealed = (backup: DumpedDatabase, archive: Buffer): DumpedDatabase => ({
  ...backup,
  archive,
  receipt: { ...backup.receipt, ...digestOf(archive) },
});

const digestOf = (body: Buffer): Pick<DatabaseReceipt, 'bytes' | 'sha256' | 'crc32'> => ({
  bytes: body.length,
  sha256: createHash('sha256').update(body).digest('hex'),
  crc32: crc32(body).toString(16).padStart(8, '0'),
});

/** What a drill said. */
export interface DrillOutcome {
  readonly failure: FailureFacts | undefined;
  readonly thrown: unknown;
  readonly notes: DrillNotes;
}

export interface DrillOptions {
  readonly probes?: readonly string[];
  readonly limits?: Partial<DrillLimits>;
  readonly signal?: AbortSignal;
  readonly servers?: readonly ServerPrograms[];
  readonly entered?: (phase: DrillPhase) => void;
}

/** Drills a backup in this process, from its bytes on. */
export async function drilled({ archive, receipt, database }: DumpedDatabase, options: DrillOptions = {}): Promise<DrillOutcome> {
  const { probes = [], limits = {}, signal = new AbortController().signal } = options;
  const notes = new DrillNotes(() => performance.now(), options.entered);
  const found = await programs();
  const fetch = (path: string, stop: AbortSignal): Promise<void> => fetchArchive((take) => take(archive), path, receipt, stop);
  try {
    await drillDatabase({
      receipt,
      database,
      fetch,
      probes,
      notes,
      signal,
      clients: found.clients,
      servers: options.servers ?? found.servers,
      scratch: DRILL_FOLDERS,
      limits: { ...DRILL_LIMITS, ...limits },
    });
    return { failure: undefined, thrown: undefined, notes };
  } catch (thrown) {
    return { failure: factsOfThrown(thrown, 'drill'), thrown, notes };
  }
}

/** How the folders of the drills of this process begin. */
export const DRILL_FOLDERS = join('/tmp', `nightproof-drill-${process.pid}-`);

let asked: Promise<{ readonly clients: readonly PostgresClient[]; readonly servers: readonly ServerPrograms[] }> | undefined;

function programs(): NonNullable<typeof asked> {
  asked ??= toolchain().then(async ({ postgres }) => {
    const folders = postgres.map(({ binDir }) => binDir);
    const [clients, servers] = await Promise.all([findClients(folders), findServers(folders)]);
    return { clients, servers };
  });
  return asked;
}
