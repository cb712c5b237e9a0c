import { Client, type QueryArrayConfig } from 'pg';
import { Failure } from '../../lib/domain/outcomes.ts';
import { whenAborted } from '../../lib/runtime/when-aborted.ts';
import type { DrillNotes } from './drill-notes.ts';
import type { ScratchDatabase } from './scratch-database.ts';

/** How much of an answer evidence keeps. */
const ANSWER_CHARS = 100;
const SQL_CHARS = 200;

export interface Asking {
  readonly probes: readonly string[];
  /** What each may take. */
  readonly seconds: number;
  readonly notes: DrillNotes;
  readonly signal: AbortSignal;
}

/**
 * Asks each question as the owner of the restored database, who can change nothing while it is asked. It has passed when its answer is one
 * row with one column that is true. Throws `probe` where one has not; all are asked before that.
 */
export async function askProbes(database: ScratchDatabase, asking: Asking): Promise<void> {
  const { probes, notes } = asking;
  for (const sql of probes) notes.probes = [...notes.probes, { sql, ...(await ask(sql, database, asking)) }];
  const failed = notes.probes.filter(({ passed }) => !passed);
  const [first] = failed;
  if (!first) return;
  throw new Failure(
    'probe',
    `${failed.length} of ${probes.length} probes did not say yes; the first is ${JSON.stringify(first.sql.slice(0, SQL_CHARS))}: ${first.answer}`,
  );
}

interface Answer {
  readonly passed: boolean;
  readonly answer: string;
}

/** In a session of its own, so that none sees what another one has set. */
async function ask(sql: string, { name, owner }: ScratchDatabase, { seconds, signal }: Asking): Promise<Answer> {
  const limit = seconds * 1000;
  const client = new Client({
    ...owner,
    database: name,
    ssl: false,
    // the server's own limit goes first; a function that lifts it is cut off
    statement_timeout: limit,
    query_timeout: limit * 2,
    options: '-c default_transaction_read_only=on',
  });
  client.on('error', () => undefined);
  try {
    await Promise.race([client.connect(), whenAborted(signal)]);
    // the extended protocol takes one statement, so none can end the transaction and write in another
    const question: QueryArrayConfig & { readonly queryMode: 'extended' } = {
      text: sql,
      rowMode: 'array',
      queryMode: 'extended',
    };
    const result = client.query<unknown[]>(question);
    return judge(await Promise.race([result, whenAborted(signal)]));
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return { passed: false, answer: typeof code === 'string' ? `SQLSTATE ${code}` : `no answer within ${(limit * 2) / 1000} s` };
  } finally {
    void client.end().catch(() => undefined);
  }
}

function judge({ rows, fields }: { readonly rows: readonly unknown[]; readonly fields: readonly unknown[] }): Answer {
  if (rows.length !== 1 || fields.length !== 1)
    return { passed: false, answer: `${rows.length} rows of ${fields.length} columns` };
  const [value] = rows[0] as readonly unknown[];
  return { passed: value === true, answer: String(value).slice(0, ANSWER_CHARS) };
}
