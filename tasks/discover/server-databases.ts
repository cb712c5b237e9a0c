import type { ServerGroup } from '../../lib/domain/source/source.ts';
import { type CredentialSources, credentialsFor } from '../../lib/runtime/postgres/credentials.ts';
import { openSession } from '../../lib/runtime/postgres/server-connection.ts';

/** Every server has it, and the listing is the same from each database. */
const DATABASE = 'postgres';

const DATABASES = `SELECT datname AS name FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname`;

/** Names of all databases of a server that take connections. One that the role may not connect to is among them: its dump will say so. */
export async function serverDatabases(
  { connection }: ServerGroup,
  sources: CredentialSources,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const credentials = await credentialsFor(connection, sources);
  const session = await openSession({ database: DATABASE, sslMode: connection.sslMode }, credentials, signal);
  try {
    return (await session.rows<{ name: string }>(DATABASES)).map(({ name }) => name);
  } finally {
    await session.close();
  }
}
