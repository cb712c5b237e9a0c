import type { ServerSession } from '../postgres/server-connection.ts';

/** What a server says of itself, of the role that restores, and of the database that is to be restored. */
export interface TargetFacts {
  readonly version: string;
  readonly major: number;
  /** Changes when the server is started again. */
  readonly startedAt: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly mayCreateDatabases: boolean;
  /** Whether the database is there, and its owner. */
  readonly databaseOwner: string | undefined;
  readonly mayActForOwner: boolean;
}

interface FactsRow {
  readonly version: string;
  readonly number: string;
  readonly startedAt: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly createdb: boolean;
  readonly owner: string | null;
  readonly mine: boolean;
}

const FACTS = `
  SELECT current_setting('server_version') AS version,
         current_setting('server_version_num') AS number,
         pg_postmaster_start_time()::text AS "startedAt",
         r.rolname AS role, r.rolsuper AS superuser, r.rolcreatedb OR r.rolsuper AS createdb,
         pg_get_userbyid(d.datdba) AS owner,
         coalesce(pg_has_role(d.datdba, 'MEMBER'), false) AS mine
    FROM pg_roles r LEFT JOIN pg_database d ON d.datname = $1
   WHERE r.rolname = current_user`;

export async function targetFacts(session: ServerSession, database: string): Promise<TargetFacts> {
  const [facts] = await session.rows<FactsRow>(FACTS, [database]);
  if (!facts) throw new Error('the role of a session is not among its roles');
  return {
    version: facts.version,
    major: Math.floor(Number(facts.number) / 10_000),
    startedAt: facts.startedAt,
    role: facts.role,
    superuser: facts.superuser,
    mayCreateDatabases: facts.createdb,
    databaseOwner: facts.owner ?? undefined,
    mayActForOwner: facts.mine,
  };
}
