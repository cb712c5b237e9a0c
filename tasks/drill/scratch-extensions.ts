import { escapeIdentifier } from 'pg';
import type { ArchivedExtension } from '../../lib/domain/drill/archive-prelude.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { ServerSession } from '../../lib/runtime/postgres/server-connection.ts';

/** Extensions whose functions connect to other servers when anybody calls them. */
const REACH_OUT = ['dblink'];

/** Schemas that the server itself has. */
const OWN_SCHEMAS = ['public', 'pg_catalog'];

interface Named {
  readonly name: string;
}

/**
 * Makes the archive's extensions as the superuser, so that the restore needs none, and takes from them what reaches out of the database:
 * functions that connect, and the libraries of foreign data wrappers. Throws `extensions` where one is not to be had here. Returns the
 * schemas that it made for them.
 */
export async function provideExtensions(
  session: ServerSession,
  extensions: readonly ArchivedExtension[],
  role: string,
): Promise<readonly string[]> {
  if (extensions.length === 0) return [];
  await refuseMissing(session, extensions);
  const schemas = [...new Set(extensions.map(({ schema }) => schema))].filter((schema) => !OWN_SCHEMAS.includes(schema));
  for (const schema of schemas) await session.rows(`CREATE SCHEMA ${escapeIdentifier(schema)} AUTHORIZATION ${role}`);
  for (const { name, schema } of extensions) await create(session, name, schema);

  await refuseUntrustedLanguages(session);
  await disconnectWrappers(session, role);
  await closeFunctions(session);
  await openTables(session, role);
  return schemas;
}

async function refuseMissing(session: ServerSession, extensions: readonly ArchivedExtension[]): Promise<void> {
  const available = await namesOf(session, 'SELECT name FROM pg_available_extensions');
  const missing = extensions.map(({ name }) => name).filter((name) => !available.includes(name));
  if (missing.length > 0)
    throw new Failure(
      'extensions',
      `not restorable here: needs ${missing.join(', ')}, which the server of the drill does not have`,
    );
}

async function create(session: ServerSession, name: string, schema: string): Promise<void> {
  try {
    await session.rows(`CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(name)} WITH SCHEMA ${escapeIdentifier(schema)}`);
  } catch (error) {
    const why = error instanceof Failure ? ` (${error.message})` : '';
    throw new Failure('extensions', `not restorable here: ${name} cannot be made${why}`, { cause: error });
  }
}

/** Whoever may use one is the server's OS user; a drill lets nobody. */
async function refuseUntrustedLanguages(session: ServerSession): Promise<void> {
  const untrusted = await namesOf(
    session,
    `SELECT lanname AS name FROM pg_language WHERE lanispl AND NOT lanpltrusted ORDER BY lanname`,
  );
  if (untrusted.length > 0)
    throw new Failure(
      'extensions',
      `not restorable here: needs the untrusted language ${untrusted.join(', ')}, which no drill runs`,
    );
}

async function disconnectWrappers(session: ServerSession, role: string): Promise<void> {
  for (const wrapper of (await namesOf(session, 'SELECT fdwname AS name FROM pg_foreign_data_wrapper')).map(escapeIdentifier)) {
    await session.rows(`ALTER FOREIGN DATA WRAPPER ${wrapper} NO HANDLER NO VALIDATOR`);
    await session.rows(`GRANT USAGE ON FOREIGN DATA WRAPPER ${wrapper} TO ${role}`);
  }
}

async function closeFunctions(session: ServerSession): Promise<void> {
  const functions = await namesOf(
    session,
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc p
       JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
       JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
      WHERE e.extname = ANY ($1)`,
    [REACH_OUT],
  );
  for (const signature of functions) await session.rows(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
}

/** Tables whose rows an archive holds though they belong to an extension. */
async function openTables(session: ServerSession, role: string): Promise<void> {
  const relations = await session.rows<Named & { readonly kind: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
       FROM pg_extension e JOIN pg_class c ON c.oid = ANY (e.extconfig) JOIN pg_namespace n ON n.oid = c.relnamespace`,
  );
  for (const { name, kind } of relations) await session.rows(`GRANT ALL ON ${kind} ${name} TO ${role}`);
  await session.rows(
    `DO $$ DECLARE s name; BEGIN
       FOR s IN SELECT DISTINCT n.nspname FROM pg_namespace n JOIN pg_depend d ON d.classid = 'pg_namespace'::regclass
         AND d.objid = n.oid AND d.deptype = 'e' LOOP EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${role}', s); END LOOP;
     END $$`,
  );
}

const namesOf = async (session: ServerSession, sql: string, parameters: readonly unknown[] = []): Promise<readonly string[]> =>
  (await session.rows<Named>(sql, parameters)).map(({ name }) => name);
