import type { DatabaseSource } from '../../lib/domain/config.ts';
import { artifactKey } from '../../lib/domain/keys.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { Receipt } from '../../lib/domain/receipt.ts';
import type { Slot } from '../../lib/domain/slot.ts';
import { clientFor, type PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import { type ChosenCompression, chooseCompression } from '../../lib/runtime/postgres/compression.ts';
import { writeConnectionFiles } from '../../lib/runtime/postgres/connection-files.ts';
import { type CredentialSources, credentialsFor } from '../../lib/runtime/postgres/credentials.ts';
import { pgDumpCommand, pgRestoreCommand } from '../../lib/runtime/postgres/dump-commands.ts';
import { type DatabaseAddress, openSession, type ServerSession } from '../../lib/runtime/postgres/server-connection.ts';
import { type ServerFacts, serverFacts } from '../../lib/runtime/postgres/server-facts.ts';
import { refuseUnreadable } from '../../lib/runtime/postgres/unreadable-objects.ts';
import type { MultipartUpload } from '../../lib/runtime/upload/multipart-upload.ts';
import type { ObjectTags, Vault } from '../../lib/runtime/vault.ts';
import { adoptStored } from './adopt.ts';
import { compareWithCatalogue } from './compare-with-catalogue.ts';
import { type DumpProcesses, PgDumpEnded, type StreamedDump, streamDump } from './dump-stream.ts';
import { explainExit } from './explain-exit.ts';
import { TryRecords } from './try-records.ts';
import { type Ticker, Watchdog } from './watchdog.ts';

/** How long the server may take to say why pg_dump ended. */
const EXPLANATION_LIMIT_MS = 30_000;

/** What follows a dump along, for logs. */
export interface DumpObserver {
  preflightPassed?(facts: ServerFacts): void;
  streaming?(client: PostgresClient, compression: ChosenCompression): void;
  streamed?(bytes: number, processes: DumpProcesses): void;
  /** The receipt is written; the object appears next. */
  completing?(receipt: Receipt): void | Promise<void>;
  /** The object is there. */
  completed?(receipt: Receipt): void | Promise<void>;
  /** Something could not be cleared away; the bucket's lifecycle rule does it a day later. */
  leftBehind?(error: unknown): void;
}

/** A new upload for a key of the vault. `stored` is called with every part that the vault has taken. */
export type UploadFactory = (to: {
  readonly key: string;
  readonly tags: ObjectTags;
  readonly expectedBytes: number;
  readonly stored: () => void;
}) => MultipartUpload;

export interface DumpDependencies {
  readonly vault: Vault;
  readonly newUpload: UploadFactory;
  readonly credentials: CredentialSources;
  readonly clients: () => Promise<readonly PostgresClient[]>;
  readonly now: () => Date;
  readonly ticker: Ticker;
  /** Fires with a `Failure` when the task is told to stop. */
  readonly stop: AbortSignal;
  readonly observer: DumpObserver;
}

/** One source of one slot. */
export interface DumpJob {
  readonly source: DatabaseSource;
  readonly slot: Slot;
}

export interface DumpResult {
  readonly how: 'dumped' | 'adopted';
  readonly receipt: Receipt;
}

/**
 * Dumps one database into the vault, once. In this order, and no step is passed before the one above it has succeeded:
 * 1. an object that an earlier try of this slot completed is adopted
 * 2. preflight: the server answers, and the role can read everything
 * 3. pg_dump streams to the vault, to the hashes and to pg_restore; both programs end with 0
 * 4. the receipt is written
 * 5. the object appears
 * Throws a `Failure`, and leaves neither object nor open upload then.
 */
export async function dumpDatabase(job: DumpJob, deps: DumpDependencies): Promise<DumpResult> {
  const { source, slot } = job;
  const key = artifactKey({ tier: 'daily', sourceId: source.id, slot, kind: source.kind });
  const tries = new TryRecords(deps.vault, slot, source.id);
  const adopted = await adoptStored(deps.vault, tries, key);
  if (adopted) return { how: 'adopted', receipt: adopted };

  const halt = new AbortController();
  const watchdog = new Watchdog({ ...source.limits, ticker: deps.ticker, stop: (failure) => halt.abort(failure) });
  const signal = AbortSignal.any([deps.stop, halt.signal]);
  try {
    return await dumpUnder(signal, watchdog, { job, key, tries, deps });
  } catch (error) {
    // whatever broke after it was told to stop, broke because of that
    if (signal.aborted) throw signal.reason;
    // another try of this slot, that was thought dead, was faster
    const faster = error instanceof Failure && error.reason === 'conflict' && (await adoptStored(deps.vault, tries, key));
    if (faster) return { how: 'adopted', receipt: faster };
    throw error;
  } finally {
    watchdog.end();
  }
}

interface Attempt {
  readonly job: DumpJob;
  readonly key: string;
  readonly tries: TryRecords;
  readonly deps: DumpDependencies;
}

async function dumpUnder(signal: AbortSignal, watchdog: Watchdog, attempt: Attempt): Promise<DumpResult> {
  const { job, key, tries, deps } = attempt;
  const { source, slot } = job;
  const startedAt = deps.now().toISOString();
  const facts = await preflight(source, deps, signal);
  deps.observer.preflightPassed?.(facts);

  const client = clientFor(await deps.clients(), facts.major);
  const compression = await chooseCompression(source.compression, client);
  deps.observer.streaming?.(client, compression);

  const upload = deps.newUpload({
    key,
    tags: { tier: 'daily', source: source.id, slot },
    expectedBytes: facts.databaseBytes,
    stored: () => watchdog.progress(),
  });
  try {
    // an earlier try that was killed could not clear up after itself
    await upload.abortLeftovers().catch((error: unknown) => deps.observer.leftBehind?.(error));
    const dump = await runDump({ source, deps, client, compression, upload, signal, watchdog });
    watchdog.end();
    signal.throwIfAborted();

    const receipt = receiptOf({ job, key, startedAt, finishedAt: deps.now().toISOString(), facts, client, compression, dump });
    await tries.add({ result: 'receipt', receipt });
    // the point of no return: from here on a request to stop comes too late
    await deps.observer.completing?.(receipt);
    await upload.complete();
    await deps.observer.completed?.(receipt);
    return { how: 'dumped', receipt };
  } catch (error) {
    await upload.abort().catch((left: unknown) => deps.observer.leftBehind?.(left));
    throw error;
  }
}

async function preflight(source: DatabaseSource, deps: DumpDependencies, signal: AbortSignal): Promise<ServerFacts> {
  const session = await sessionFor(source, deps, signal);
  try {
    const facts = await serverFacts(session);
    await refuseUnreadable(session);
    return facts;
  } finally {
    await session.close();
  }
}

async function sessionFor(source: DatabaseSource, deps: DumpDependencies, signal: AbortSignal): Promise<ServerSession> {
  const credentials = await credentialsFor(source.connection, deps.credentials);
  return openSession(databaseOf(source), credentials, signal);
}

interface Running {
  readonly source: DatabaseSource;
  readonly deps: DumpDependencies;
  readonly client: PostgresClient;
  readonly compression: ChosenCompression;
  readonly upload: MultipartUpload;
  readonly signal: AbortSignal;
  readonly watchdog: Watchdog;
}

async function runDump({ source, deps, client, compression, upload, signal, watchdog }: Running): Promise<StreamedDump> {
  const server = await credentialsFor(source.connection, deps.credentials);
  const files = await writeConnectionFiles(server.password);
  const database = databaseOf(source);
  const { lockWaitSeconds } = source.limits;
  const start = deps.ticker.now();
  try {
    return await streamDump({
      pgDump: pgDumpCommand({ client, server, database, files, compression, lockWaitSeconds }),
      pgRestore: pgRestoreCommand(client),
      upload,
      signal,
      streamed: (bytes, processes) => {
        watchdog.progress();
        deps.observer.streamed?.(bytes, processes);
      },
    });
  } catch (error) {
    if (!(error instanceof PgDumpEnded) || signal.aborted) throw error;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(EXPLANATION_LIMIT_MS)]);
    const seconds = (deps.ticker.now() - start) / 1000;
    throw await explainExit(error, { seconds, lockWaitSeconds, openSession: () => sessionFor(source, deps, limited) });
  } finally {
    await files.remove();
  }
}

interface ReceiptParts {
  readonly job: DumpJob;
  readonly key: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly facts: ServerFacts;
  readonly client: PostgresClient;
  readonly compression: ChosenCompression;
  readonly dump: StreamedDump;
}

function receiptOf({ job, key, startedAt, finishedAt, facts, client, compression, dump }: ReceiptParts): Receipt {
  const { version, major, databaseBytes } = facts;
  return {
    sourceId: job.source.id,
    slot: job.slot,
    key,
    bytes: dump.bytes,
    sha256: dump.sha256,
    crc32: dump.crc32,
    startedAt,
    finishedAt,
    server: { version, major, databaseBytes },
    client: { version: client.version, compression: compression.name },
    exitCodes: { pgDump: 0, pgRestore: 0 },
    contents: dump.contents,
    warnings: [
      ...facts.warnings,
      ...(compression.warning ? [compression.warning] : []),
      ...(dump.complaints > 0 ? [`pg_dump wrote ${dump.complaints} lines of warnings`] : []),
      ...compareWithCatalogue(facts.tables, dump.contents.tables, dump.tableBlocks),
    ],
  };
}

const databaseOf = (source: DatabaseSource): DatabaseAddress => ({
  database: source.database,
  sslMode: source.connection.sslMode,
});
