import type { ConnectionOptions } from 'node:tls';
import { Client, escapeIdentifier } from 'pg';
import { Failure } from '../../domain/outcomes.ts';
import { whenAborted } from '../when-aborted.ts';
import { type SslMode, trustedAuthorities, verifiesServer } from './ca-bundle.ts';
import type { Credentials } from './credentials.ts';
import { serverFailure } from './server-failure.ts';

const CONNECT_LIMIT_MS = 20_000;

/** A database of a server, and how its certificate is looked at. */
export interface DatabaseAddress {
  readonly database: string;
  readonly sslMode: SslMode;
}

/** A session for short questions. Each throws a `Failure` with its reason. */
export interface ServerSession {
  rows<Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/**
 * Opens a session, by fields and never by a URL, so that a database name is nothing but a name. When `signal` fires, the
 * session is cut and what waits for it fails.
 */
export async function openSession(to: DatabaseAddress, credentials: Credentials, signal: AbortSignal): Promise<ServerSession> {
  const where = `${credentials.host}:${credentials.port}`;
  let failure: unknown;
  for (const ssl of tlsChoices(to.sslMode)) {
    signal.throwIfAborted();
    const client = clientOf(to, credentials, ssl);
    try {
      await Promise.race([client.connect(), whenAborted(signal)]);
      return sessionOver(client, where, signal);
    } catch (error) {
      void client.end().catch(() => undefined);
      signal.throwIfAborted();
      failure = serverFailure(`connecting to ${where}`, error);
      // a password that is wrong with TLS is wrong without, and some servers lock an account that tries too often
      if (failure instanceof Failure && failure.reason !== 'unreachable' && failure.reason !== 'auth') break;
    }
  }
  if (failure instanceof Failure && failure.reason === 'permission') {
    const grant = `GRANT CONNECT ON DATABASE ${escapeIdentifier(to.database)} TO ${escapeIdentifier(credentials.user)};`;
    throw new Failure('permission', `${failure.message}. Run: ${grant}`, { cause: failure });
  }
  throw failure;
}

/** The attempts that libpq would make in this mode, in its order. */
function tlsChoices(mode: SslMode): readonly (ConnectionOptions | false)[] {
  const unchecked: ConnectionOptions = { rejectUnauthorized: false };
  if (mode === 'disable') return [false];
  if (mode === 'allow') return [false, unchecked];
  if (mode === 'prefer') return [unchecked, false];
  if (!verifiesServer(mode)) return [unchecked];
  const checked: ConnectionOptions = { ca: [...trustedAuthorities()], rejectUnauthorized: true };
  return [mode === 'verify-full' ? checked : { ...checked, checkServerIdentity: () => undefined }];
}

function clientOf({ database }: DatabaseAddress, credentials: Credentials, ssl: ConnectionOptions | false): Client {
  const client = new Client({
    ...credentials,
    database,
    ssl,
    application_name: 'nightproof',
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    keepAlive: true,
  });
  // a connection that breaks between two questions; the next one then says so
  client.on('error', () => undefined);
  return client;
}

async function sessionOver(client: Client, where: string, signal: AbortSignal): Promise<ServerSession> {
  const close = () => client.end().catch(() => undefined);
  const closeNow = () => void close();
  signal.addEventListener('abort', closeNow, { once: true });
  const session: ServerSession = {
    async rows<Row>(sql: string, parameters: readonly unknown[] = []) {
      try {
        return (await client.query(sql, [...parameters])).rows as Row[];
      } catch (error) {
        signal.throwIfAborted();
        throw serverFailure(`asking ${where}`, error);
      }
    },
    async close() {
      signal.removeEventListener('abort', closeNow);
      await close();
    },
  };
  // limits set on the role are for its daily work: pg_dump lifts them for itself too
  await session.rows(
    `SELECT set_config(name, '0', false) FROM unnest(ARRAY['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) AS name`,
  );
  return session;
}
