import { Client } from 'pg';
import type { DatabaseLogin } from './night-config.ts';
import { DemoUsageError } from './options.ts';

const CONNECT_LIMIT_MS = 10_000;

/** Ends the demo before its night where the database does not let us in: the night itself would try for minutes, since a server may come back. */
export async function refuseUnreachable(
  { username: user, ...login }: DatabaseLogin,
  database: string,
  sslMode: string,
): Promise<void> {
  const failures: unknown[] = [];
  for (const ssl of tlsOf(sslMode)) {
    const client = new Client({ ...login, user, database, ssl, connectionTimeoutMillis: CONNECT_LIMIT_MS });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return;
    } catch (error) {
      failures.push(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  const last = failures.at(-1);
  const why = last instanceof Error ? last.message || (last as NodeJS.ErrnoException).code : 'no answer';
  throw new DemoUsageError(
    `cannot connect to ${login.host}:${login.port} as ${user}: ${why}\n` +
      'Check host, port, database and user; the password may stand in the URL or in PGPASSWORD.',
  );
}

/** With TLS, without, or one after the other, as libpq does; whether a certificate is right is the night's to judge. */
function tlsOf(sslMode: string): readonly (false | { readonly rejectUnauthorized: false })[] {
  if (sslMode === 'disable') return [false];
  const encrypted = { rejectUnauthorized: false } as const;
  return sslMode === 'prefer' || sslMode === 'allow' ? [encrypted, false] : [encrypted];
}
