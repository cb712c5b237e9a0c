import { lookup } from 'node:dns/promises';
import type { Connection } from '../../domain/config/connection.ts';
import { Failure } from '../../domain/outcomes.ts';
import { type CredentialSources, credentialsFor } from '../postgres/credentials.ts';
import { ServerAccess } from '../postgres/server-access.ts';

/** One database of a server, as the configuration reaches it. */
export interface DatabasePlace {
  readonly connection: Connection;
  readonly database: string;
}

/** How long the source may take to say who it is; where it is gone, it cannot be written over. */
const ANSWER_LIMIT_MS = 15_000;

/** A server that is up: the identity of its data, which copies of it share, and the moment it was started, which they do not. */
const IDENTITY = `
  SELECT pg_postmaster_start_time()::text || ' '
         || CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
                 THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END AS identity`;

/**
 * Throws where the database that is about to be replaced is the one that the backup was made of: by its name and the addresses
 * of its server, or by what both servers say of themselves, since one server can have many names.
 */
export async function refuseSource(
  target: DatabasePlace,
  source: DatabasePlace,
  credentials: CredentialSources,
  signal: AbortSignal,
): Promise<void> {
  if (target.database !== source.database) return;
  if (!(await sameAddress(target.connection, source.connection, credentials))) {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    const identities = await Promise.all([
      identityOf(target, credentials, signal),
      identityOf(source, credentials, limited).catch(() => undefined),
    ]);
    signal.throwIfAborted();
    if (identities[0] !== identities[1]) return;
  }
  throw new Failure(
    'target',
    `database ${target.database} of this server is the one that the backup was made of (--over-source)`,
  );
}

async function sameAddress(target: Connection, source: Connection, credentials: CredentialSources): Promise<boolean> {
  const there = await credentialsFor(target, credentials);
  // a source that is gone, secret and all, has no address
  const here = await credentialsFor(source, credentials).catch(() => undefined);
  if (!here || here.port !== there.port) return false;
  if (here.host === there.host) return true;
  const [ours, theirs] = await Promise.all([addressesOf(there.host), addressesOf(here.host)]);
  return ours.some((address) => theirs.includes(address));
}

const addressesOf = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address);

async function identityOf(
  { connection }: DatabasePlace,
  credentials: CredentialSources,
  signal: AbortSignal,
): Promise<string | undefined> {
  const access = new ServerAccess(connection, MAINTENANCE_DATABASE, credentials);
  return access.ask(signal, async (session) => (await session.rows<{ identity: string }>(IDENTITY))[0]?.identity);
}

/** Every server has it, RDS included. */
export const MAINTENANCE_DATABASE = 'postgres';
