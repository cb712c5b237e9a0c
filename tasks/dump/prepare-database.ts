import type { DatabaseSource } from '../../lib/domain/source/source.ts';
import type { ArtifactSink } from '../../lib/runtime/artifact-sink.ts';
import { clientFor, type PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import { type ChosenCompression, chooseCompression } from '../../lib/runtime/postgres/compression.ts';
import { pgDumpCommand, pgRestoreCommand } from '../../lib/runtime/postgres/dump-commands.ts';
import { type StreamedDump, streamDump } from '../../lib/runtime/postgres/dump-stream.ts';
import { requireExtensions } from '../../lib/runtime/postgres/expected-extensions.ts';
import { ProgramEnded } from '../../lib/runtime/postgres/program-ended.ts';
import { ServerAccess } from '../../lib/runtime/postgres/server-access.ts';
import type { ServerSession } from '../../lib/runtime/postgres/server-connection.ts';
import { type ServerFacts, serverFacts } from '../../lib/runtime/postgres/server-facts.ts';
import { tableFilters } from '../../lib/runtime/postgres/table-filters.ts';
import { refuseUnreadable } from '../../lib/runtime/postgres/unreadable-objects.ts';
import { compareWithCatalogue } from './compare-with-catalogue.ts';
import { explainExit } from './explain-exit.ts';
import type { Bench, KindFacts, Prepared, Producer } from './producer.ts';

/** One database by pg_dump, in its custom format. The server answers, is the one that is meant, and lets the role read everything. */
export const prepareDatabase: Producer<DatabaseSource> = async (source, bench): Promise<Prepared> => {
  const { deps, signal } = bench;
  const access = new ServerAccess(source.connection, source.database, deps.credentials);
  const facts = await access.ask(signal, (session) => preflight(session, source));
  const { version, databaseBytes, standby, tables } = facts;
  deps.observer.preflightPassed?.({ serverVersion: version, databaseBytes, standby, tables: tables.length });

  const client = clientFor(await deps.clients(), facts.major);
  const compression = await chooseCompression(source.compression, client);
  const dumping: Dumping = { source, access, facts, client, compression };
  return {
    expectedBytes: databaseBytes,
    async produce(sink) {
      const dump = await dumpInto(sink, dumping, bench);
      return { warnings: warningsOf(dumping, dump), facts: async () => factsOf(dumping, dump) };
    },
  };
};

interface Dumping {
  readonly source: DatabaseSource;
  readonly access: ServerAccess;
  readonly facts: ServerFacts;
  readonly client: PostgresClient;
  readonly compression: ChosenCompression;
}

async function preflight(session: ServerSession, source: DatabaseSource): Promise<ServerFacts> {
  await requireExtensions(session, source.expectExtensions ?? []);
  const filters = await tableFilters(session, source);
  const facts = await serverFacts(session, filters);
  await refuseUnreadable(session, filters);
  return facts;
}

async function dumpInto(sink: ArtifactSink, dumping: Dumping, { deps, signal, streamed }: Bench): Promise<StreamedDump> {
  const { source, access, client, compression } = dumping;
  const { lockWaitSeconds } = source.limits;
  const { database } = access;
  deps.observer.streaming?.({ version: client.version, compression: compression.name });
  const start = deps.ticker.now();
  try {
    return await access.withFiles((server, files) => {
      const pgDump = pgDumpCommand({ client, server, database, files, compression, lockWaitSeconds, choices: source });
      return streamDump({ pgDump, pgRestore: pgRestoreCommand(client), sink, signal, streamed });
    });
  } catch (error) {
    if (!(error instanceof ProgramEnded) || signal.aborted) throw error;
    throw await explainExit(error, {
      seconds: (deps.ticker.now() - start) / 1000,
      lockWaitSeconds,
      signal,
      openSession: (limited) => access.open(limited),
      refuse: (session) => preflight(session, source),
    });
  }
}

function factsOf({ facts, client, compression }: Dumping, { contents }: StreamedDump): KindFacts {
  const { version, major, databaseBytes } = facts;
  return {
    kind: 'database',
    server: { version, major, databaseBytes },
    client: { version: client.version, compression: compression.name },
    exitCodes: { pgDump: 0, pgRestore: 0 },
    contents,
  };
}

const warningsOf = ({ facts, compression }: Dumping, dump: StreamedDump): readonly string[] => [
  ...facts.warnings,
  ...(compression.warning ? [compression.warning] : []),
  ...(dump.complaints > 0 ? [`pg_dump wrote ${dump.complaints} lines of warnings`] : []),
  ...compareWithCatalogue(facts.tables, dump.contents.tables, dump.tableBlocks),
];
