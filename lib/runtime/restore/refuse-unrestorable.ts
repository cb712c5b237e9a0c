import { Failure } from '../../domain/outcomes.ts';
import type { TocEntry } from '../../domain/restore/archive-toc.ts';
import { neededRoles } from '../../domain/restore/needed-roles.ts';
import { quoted } from '../../domain/restore/statements-of.ts';
import type { ServerSession } from '../postgres/server-connection.ts';
import type { TargetFacts } from './target-facts.ts';

/** How many statements a message shows; the rest is counted. */
const SHOWN = 20;

/** Names out of `$1` that the server does not know. */
const missingFrom = (catalogue: string, column: string): string => `
  SELECT name FROM unnest($1::text[]) AS wanted(name)
   WHERE NOT EXISTS (SELECT FROM ${catalogue} WHERE ${column} = wanted.name) ORDER BY name`;

/** Throws where the server lacks roles that the entries name, or the restoring role may not make things theirs. */
export async function refuseMissingRoles(
  session: ServerSession,
  entries: readonly TocEntry[],
  owners: boolean,
  facts: TargetFacts,
): Promise<void> {
  const needed = neededRoles(entries, owners);
  const missing = await namesOf(session, missingFrom('pg_roles', 'rolname'), needed.all);
  if (missing.length > 0)
    throw new Failure(
      'roles',
      `the server has no role ${missing.join(', ')}. Run: ${shown(missing.map((name) => `CREATE ROLE ${quoted(name)};`))}`,
    );
  if (facts.superuser) return;
  // since 16, membership alone does not let a role give things away
  const right = facts.major >= 16 ? 'SET' : 'MEMBER';
  const foreign = await namesOf(
    session,
    `SELECT name FROM unnest($1::text[]) AS wanted(name)
      WHERE NOT (pg_has_role(name::name, '${right}') AND pg_has_role(name::name, 'USAGE')) ORDER BY name`,
    needed.owners,
  );
  if (foreign.length > 0)
    throw new Failure(
      'roles',
      `${facts.role} may not act for ${foreign.join(', ')}. Run: ${shown(foreign.map((name) => `GRANT ${quoted(name)} TO ${quoted(facts.role)};`))}`,
    );
}

/** Throws where the server has no such extensions to install. */
export async function refuseMissingExtensions(session: ServerSession, entries: readonly TocEntry[]): Promise<void> {
  const needed = entries.filter(({ type }) => type === 'EXTENSION').map(({ name }) => name);
  const missing = await namesOf(session, missingFrom('pg_available_extensions', 'name'), needed);
  if (missing.length > 0) throw new Failure('extensions', `the server has no extension ${missing.join(', ')} to install`);
}

/** Tablespaces that the entries name and the server lacks. */
export function missingTablespaces(session: ServerSession, entries: readonly TocEntry[]): Promise<readonly string[]> {
  const needed = entries.map(({ tablespace }) => tablespace).filter((tablespace) => tablespace !== '');
  return namesOf(session, missingFrom('pg_tablespace', 'spcname'), [...new Set(needed)]);
}

async function namesOf(session: ServerSession, sql: string, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return [];
  return (await session.rows<{ readonly name: string }>(sql, [names])).map(({ name }) => name);
}

const shown = (statements: readonly string[]): string =>
  `${statements.slice(0, SHOWN).join(' ')}${statements.length > SHOWN ? ` and ${statements.length - SHOWN} more` : ''}`;
