import { randomBytes } from 'node:crypto';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { ArchivePrelude } from '../../lib/domain/drill/archive-prelude.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { type DatabaseOptions, writtenOptions } from '../../lib/domain/restore/database-options.ts';
import type { Credentials } from '../../lib/runtime/postgres/credentials.ts';
import type { ScratchServer } from '../../lib/runtime/postgres/scratch-server.ts';
import type { ServerSession } from '../../lib/runtime/postgres/server-connection.ts';
import { provideExtensions } from './scratch-extensions.ts';

const ROLE = 'nightproof_drill';

/** Names that every cluster has already. */
const TAKEN = new Set(['postgres', 'template0', 'template1']);

/** What stands in for a locale that this machine does not have; with an encoding that it does not know, C takes every one. */
const STAND_INS = ['C.UTF-8', 'C'];

/** A fresh database and the role that owns it, which may do nothing outside it. */
export interface ScratchDatabase {
  readonly name: string;
  readonly owner: Credentials;
  /** Schemas that are there already. */
  readonly schemas: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Makes a database as the archive's was, and in it, by statements of our own, what only a superuser may make. Its owner is no superuser,
 * and gets past row-level security alone, so that it dumps what it restores. Once the restore has begun, nobody else opens a session in it.
 */
export async function makeScratchDatabase(
  server: ScratchServer,
  archived: string | undefined,
  prelude: ArchivePrelude,
): Promise<ScratchDatabase> {
  const name = archived === undefined || TAKEN.has(archived) ? 'drill' : archived;
  const owner = { ...server.superuser, user: ROLE, password: randomBytes(24).toString('hex') };
  const warnings = await withSession(server, 'postgres', async (session) => {
    await makeRoles(session, owner, prelude.roles);
    const made = await createDatabase(session, name, prelude.options);
    // its owner may connect, and nobody else needs to
    await session.rows(`REVOKE ALL ON DATABASE ${escapeIdentifier(name)} FROM PUBLIC`);
    return made;
  });
  const schemas = await withSession(server, name, async (session) => {
    // before PostgreSQL 15 it belongs to the superuser
    await session.rows(`ALTER SCHEMA public OWNER TO ${ROLE}`);
    await provideWrappers(session, prelude.wrappers);
    return provideExtensions(session, prelude.extensions, ROLE);
  });
  return { name, owner, schemas, warnings };
}

async function makeRoles(session: ServerSession, { password }: Credentials, named: readonly string[]): Promise<void> {
  await session.rows(
    `CREATE ROLE ${ROLE} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION BYPASSRLS PASSWORD ${escapeLiteral(password)}`,
  );
  const present = (await session.rows<{ readonly rolname: string }>('SELECT rolname FROM pg_roles')).map(
    ({ rolname }) => rolname,
  );
  for (const role of named.filter((it) => !present.includes(it) && !it.startsWith('pg_')))
    await session.rows(`CREATE ROLE ${escapeIdentifier(role)} NOLOGIN NOSUPERUSER`);
}

async function createDatabase(session: ServerSession, name: string, archived: DatabaseOptions): Promise<readonly string[]> {
  const { ENCODING = 'UTF8', ...locale } = archived;
  const create = (options: DatabaseOptions): Promise<unknown> =>
    session.rows(`CREATE DATABASE ${escapeIdentifier(name)} OWNER ${ROLE} TEMPLATE template0 ${writtenOptions(options)}`);
  try {
    await create({ ENCODING, ...locale });
    return [];
  } catch {
    for (const LOCALE of STAND_INS) {
      const made = await create({ ENCODING, LOCALE }).then(
        () => true,
        () => false,
      );
      if (made)
        return [
          `the server of the drill does not have the locale of the archive (${writtenOptions(archived)}); ${LOCALE} stands in`,
        ];
    }
    throw new Failure('restore', `no database with encoding ${ENCODING} can be made here`);
  }
}

/** Without its library, so that nothing reaches other servers; what is defined over it can be restored all the same. */
async function provideWrappers(session: ServerSession, wrappers: readonly string[]): Promise<void> {
  for (const wrapper of wrappers.map(escapeIdentifier)) {
    await session.rows(`CREATE FOREIGN DATA WRAPPER ${wrapper}`);
    await session.rows(`GRANT USAGE ON FOREIGN DATA WRAPPER ${wrapper} TO ${ROLE}`);
  }
}

async function withSession<T>(server: ScratchServer, database: string, work: (session: ServerSession) => Promise<T>): Promise<T> {
  const session = await server.open(database);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
