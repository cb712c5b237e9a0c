import type { Manifest } from '../../domain/backup/manifest.ts';
import type { GlobalsReceipt } from '../../domain/backup/receipt.ts';
import type { Connection } from '../../domain/config/connection.ts';
import { Failure } from '../../domain/outcomes.ts';
import { plural } from '../../domain/plain-text.ts';
import { type GlobalsStatement, readGlobalsStatement } from '../../domain/restore/globals-statement.ts';
import { IDENTIFIER, unquoted } from '../../domain/restore/statements-of.ts';
import { ServerAccess } from '../postgres/server-access.ts';
import type { ServerSession } from '../postgres/server-connection.ts';
import { StatementReader } from '../postgres/statement-reader.ts';
import { plainBytes } from './plain-bytes.ts';
import type { RestoreDependencies } from './restore-job.ts';
import { MAINTENANCE_DATABASE } from './source-guard.ts';
import { refusedAs } from './sql-state.ts';

export interface GlobalsJob {
  readonly manifest: Manifest & { readonly receipt: GlobalsReceipt };
  readonly connection: Connection;
}

export interface RestoredGlobals {
  readonly statements: number;
  /** Roles that were there already, the one that restores among them: they are left as they are. */
  readonly skippedRoles: readonly string[];
  readonly warnings: readonly string[];
}

/** A script of roles is a few hundred bytes a role. */
const LONGEST_SCRIPT_BYTES = 256 * 1024 ** 2;

/**
 * Makes the roles of a backup on a server, with their settings and memberships, all in one transaction. A role that is there
 * already is not touched. Tablespaces need folders of the server and are left out.
 */
export async function restoreGlobals(job: GlobalsJob, deps: RestoreDependencies): Promise<RestoredGlobals> {
  deps.observer.phase?.('verify');
  const statements = (await scriptOf(job, deps)).map(readGlobalsStatement);
  deps.observer.phase?.('restore');
  const access = new ServerAccess(job.connection, MAINTENANCE_DATABASE, deps.credentials);
  return access.ask(deps.signal, (session) => run(session, statements));
}

async function scriptOf({ manifest }: GlobalsJob, deps: RestoreDependencies): Promise<readonly string[]> {
  const { key, receipt } = manifest;
  const stored = await deps.vault.head(key);
  if (!stored) throw new Failure('damaged', `${key} is gone, though its manifest is there`);
  if (stored.bytes > LONGEST_SCRIPT_BYTES) throw new Failure('damaged', `${key} is no script of roles: ${stored.bytes} bytes`);
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of plainBytes(stored, receipt, deps)) {
    pieces.push(piece);
    bytes += piece.length;
    deps.observer.moved?.(bytes, receipt.encryption?.plainBytes ?? receipt.bytes);
  }
  return statementsIn(Buffer.concat(pieces));
}

function statementsIn(script: Buffer): readonly string[] {
  const reader = new StatementReader();
  const statements: string[] = [];
  for (let at = 0; at < script.length; ) {
    const { next, statement } = reader.read(script, at);
    if (statement) statements.push(statement.toString());
    at = next;
  }
  return statements;
}

async function run(session: ServerSession, statements: readonly GlobalsStatement[]): Promise<RestoredGlobals> {
  const rows = await session.rows<{ readonly name: string }>('SELECT rolname AS name FROM pg_roles');
  const present = new Set(rows.map(({ name }) => name));
  const made = statements.filter(({ about, roles }) => about === 'roles' && roles.some((role) => !present.has(role)));
  const wanted = statements.filter((statement) => statement.about === 'session' || made.includes(statement));
  const unknown = statements.filter(({ about }) => about === 'unknown').length;
  const tablespaces = statements.filter(({ about }) => about === 'tablespaces').length;
  const created = statements.filter(({ creates }) => creates).flatMap(({ roles }) => roles);
  await session.rows('BEGIN');
  for (const { text, roles } of wanted) {
    try {
      await session.rows(withoutStranger(text, new Set([...present, ...created])));
    } catch (error) {
      throw refusedAs('restore', roles.length > 0 ? `role ${roles.join(', ')}` : 'the script of roles', error);
    }
  }
  await session.rows('COMMIT');
  return {
    statements: made.length,
    skippedRoles: created.filter((role) => present.has(role)).sort(),
    warnings: [
      ...(tablespaces > 0
        ? [`${plural(tablespaces, 'statement')} about tablespaces left out: they need folders of the server`]
        : []),
      ...(unknown > 0 ? [`${plural(unknown, 'statement')} of another kind left out`] : []),
    ],
  };
}

const GRANTOR = new RegExp(` GRANTED BY (${IDENTIFIER})$`);

/** The superuser that a server was made with has other names elsewhere; then whoever restores has granted it. */
function withoutStranger(statement: string, known: ReadonlySet<string>): string {
  const [clause, grantor] = GRANTOR.exec(statement) ?? [];
  return clause && grantor && !known.has(unquoted(grantor)) ? statement.slice(0, -clause.length) : statement;
}
