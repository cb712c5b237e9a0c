import { contentsDifferences, showDifference } from '../../domain/backup/contents-difference.ts';
import type { DumpContents, TableContents } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import type { TableName } from '../postgres/copy-statement.ts';
import { scanCommand } from '../postgres/dump-commands.ts';
import { scanDatabase } from '../postgres/scan-database.ts';
import type { ServerAccess } from '../postgres/server-access.ts';

/** How many differences are named. */
const NAMED = 5;

/** Nobody should hold a lock in what was just restored. */
const LOCK_WAIT_SECONDS = 300;

export interface Comparison {
  readonly access: ServerAccess;
  /** Of the server's own major version. */
  readonly client: PostgresClient;
  readonly backedUp: DumpContents;
  /** Where only these were restored. */
  readonly tables?: readonly TableName[];
  /** Whether the database may hold more than the backup: it was there before. */
  readonly amongOthers?: boolean;
  readonly signal: AbortSignal;
  readonly moved: (bytes: number, totalBytes: number) => void;
}

/** Dumps a restored database again, and throws `difference` where it does not hold what was backed up. Returns what it holds. */
export async function compareRestored(comparison: Comparison): Promise<DumpContents> {
  const { access, client, backedUp, tables, signal, moved } = comparison;
  const expected = expectedContents(backedUp, tables);
  const totalBytes = expected.tables.reduce((sum, { bytes }) => sum + bytes, expected.largeObjects.bytes);
  const found = await access.withFiles((server, files) => {
    const { database } = access;
    const command = scanCommand({
      client,
      server,
      database,
      files,
      lockWaitSeconds: LOCK_WAIT_SECONDS,
      ...(tables && { tables }),
    });
    return scanDatabase(command, signal, (bytes) => moved(bytes, totalBytes));
  });
  const comparable = withoutOthers(found, expected, comparison);
  const differences = contentsDifferences(comparable, expected);
  if (differences.length === 0) return comparable;
  const more = differences.length > NAMED ? ` and ${differences.length - NAMED} more` : '';
  throw new Failure('difference', `${differences.slice(0, NAMED).map(showDifference).join('; ')}${more}`);
}

const keyOf = ({ schema, name }: TableName): string => JSON.stringify([schema, name]);

function expectedContents(backedUp: DumpContents, tables: readonly TableName[] | undefined): DumpContents {
  if (!tables) return backedUp;
  const wanted = new Set(tables.map(keyOf));
  return { ...backedUp, tables: backedUp.tables.filter((table) => wanted.has(keyOf(table))) };
}

/**
 * What is found, without what the backup has nothing to say of: tables without rows, whose rows were left out of the dump on
 * purpose or could not be read on a standby; and all else that was in the database before.
 */
function withoutOthers(found: DumpContents, expected: DumpContents, { tables, amongOthers }: Comparison): DumpContents {
  const known = new Set(expected.tables.map(keyOf));
  const partial = tables !== undefined || amongOthers === true;
  const counts = (table: TableContents): boolean => known.has(keyOf(table)) || (!partial && table.rows > 0);
  return {
    tables: found.tables.filter(counts),
    largeObjects: partial ? expected.largeObjects : found.largeObjects,
    sequences: partial ? expected.sequences : found.sequences,
  };
}
