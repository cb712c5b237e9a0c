import type { GlobalsSource } from '../../lib/domain/source/source.ts';
import type { ArtifactSink } from '../../lib/runtime/artifact-sink.ts';
import { clientFor, type PostgresClient, pgDumpallOf } from '../../lib/runtime/postgres/clients.ts';
import { pgDumpallCommand } from '../../lib/runtime/postgres/dump-commands.ts';
import { type GlobalsFacts, globalsFacts } from '../../lib/runtime/postgres/globals-facts.ts';
import { ProgramEnded } from '../../lib/runtime/postgres/program-ended.ts';
import { ServerAccess } from '../../lib/runtime/postgres/server-access.ts';
import { explainExit } from './explain-exit.ts';
import { type StreamedGlobals, streamGlobals } from './globals-stream.ts';
import type { Bench, KindFacts, Prepared, Producer } from './producer.ts';

/** Every server has it, RDS included; roles belong to no database. */
const DATABASE = 'postgres';

/** Roles, their settings and tablespaces of a server, as SQL that psql runs. */
export const prepareGlobals: Producer<GlobalsSource> = async (source, bench): Promise<Prepared> => {
  const { deps, signal } = bench;
  const access = new ServerAccess(source.connection, DATABASE, deps.credentials);
  const facts = await access.ask(signal, globalsFacts);
  const { version, major, passwords } = facts;
  deps.observer.preflightPassed?.({ serverVersion: version, passwords });

  const client = clientFor(await deps.clients(), major);
  const dumping: Dumping = { source, access, facts, client, pgDumpall: await pgDumpallOf(client) };
  return {
    expectedBytes: 0,
    async produce(sink) {
      const globals = await dumpInto(sink, dumping, bench);
      return { warnings: warningsOf(facts, globals), facts: async () => factsOf(dumping, globals) };
    },
  };
};

interface Dumping {
  readonly source: GlobalsSource;
  readonly access: ServerAccess;
  readonly facts: GlobalsFacts;
  readonly client: PostgresClient;
  readonly pgDumpall: string;
}

async function dumpInto(sink: ArtifactSink, dumping: Dumping, { deps, signal, streamed }: Bench): Promise<StreamedGlobals> {
  const { source, access, facts, client, pgDumpall } = dumping;
  const { database } = access;
  deps.observer.streaming?.({ version: client.version, compression: 'none' });
  const start = deps.ticker.now();
  try {
    return await access.withFiles((server, files) => {
      const command = pgDumpallCommand({ pgDumpall, server, database, files, passwords: facts.passwords });
      return streamGlobals({ pgDumpall: command, sink, signal, streamed });
    });
  } catch (error) {
    if (!(error instanceof ProgramEnded) || signal.aborted) throw error;
    throw await explainExit(error, {
      seconds: (deps.ticker.now() - start) / 1000,
      lockWaitSeconds: source.limits.lockWaitSeconds,
      signal,
      openSession: (limited) => access.open(limited),
      refuse: globalsFacts,
    });
  }
}

function factsOf({ facts, client }: Dumping, { contents }: StreamedGlobals): KindFacts {
  const { version, major, passwords } = facts;
  return {
    kind: 'globals',
    server: { version, major },
    client: { version: client.version, compression: 'none' },
    exitCodes: { pgDumpall: 0 },
    contents: { ...contents, passwords },
  };
}

const warningsOf = ({ passwords }: GlobalsFacts, { complaints }: StreamedGlobals): readonly string[] => [
  ...(passwords ? [] : ['roles are without passwords, since the role may not read pg_authid: set them anew after a restore']),
  ...(complaints > 0 ? [`pg_dumpall wrote ${complaints} lines of warnings`] : []),
];
