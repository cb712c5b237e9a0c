import { Client } from 'pg';
import type { PostgresServer } from '../../../lib/local/servers/postgres-server.ts';

/** Does something in a session of a server's superuser. The end of the session gives its locks back. */
export async function session<T>(server: PostgresServer, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, user, password } = server;
  const client = new Client({ host, port, user, password, database, ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
