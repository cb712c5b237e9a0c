import { Failure } from '../../domain/outcomes.ts';
import type { ServerSession } from './server-connection.ts';

/** What a server says of itself before its roles are dumped. */
export interface GlobalsFacts {
  readonly version: string;
  readonly major: number;
  /** Whether the role may read the hashes of passwords. Services that keep the superuser to themselves (RDS) refuse that. */
  readonly passwords: boolean;
}

const VERSION = `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number`;

/** Tried, not asked for: services that guard this table do so beside its rights. */
const PASSWORDS = 'SELECT rolpassword IS NULL FROM pg_catalog.pg_authid LIMIT 1';

export async function globalsFacts(session: ServerSession): Promise<GlobalsFacts> {
  const [facts] = await session.rows<{ version: string; number: string }>(VERSION);
  if (!facts) throw new Error('a SELECT without FROM returned no row');
  return { version: facts.version, major: Math.floor(Number(facts.number) / 10_000), passwords: await maySeePasswords(session) };
}

async function maySeePasswords(session: ServerSession): Promise<boolean> {
  try {
    await session.rows(PASSWORDS);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.reason === 'permission') return false;
    throw error;
  }
}
