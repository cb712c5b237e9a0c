import { Failure } from '../../domain/outcomes.ts';
import type { ServerSession } from './server-connection.ts';

const PRESENT = 'SELECT extname AS name FROM pg_catalog.pg_extension ORDER BY extname';

/** Throws where the database lacks one of these extensions: then it is another one than is meant, or was emptied. */
export async function requireExtensions(session: ServerSession, expected: readonly string[]): Promise<void> {
  if (expected.length === 0) return;
  const present = (await session.rows<{ readonly name: string }>(PRESENT)).map(({ name }) => name);
  const missing = expected.filter((name) => !present.includes(name));
  if (missing.length === 0) return;
  throw new Failure(
    'wrong-database',
    `the database has no extension ${missing.join(', ')}; it has ${present.join(', ') || 'none'}`,
  );
}
