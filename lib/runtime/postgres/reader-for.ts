import { Failure } from '../../domain/outcomes.ts';
import type { PostgresClient } from './clients.ts';

/** The client that reads archives of this major version: the same one, else the next newer. An older one cannot know their format. */
export const nearestReader = (clients: readonly PostgresClient[], major: number): PostgresClient | undefined =>
  clients.filter((client) => client.major >= major).sort((a, b) => a.major - b.major)[0];

/** The same; throws where there is none. */
export function readerFor(clients: readonly PostgresClient[], major: number): PostgresClient {
  const reader = nearestReader(clients, major);
  if (reader) return reader;
  const present = clients.map(({ version }) => version).join(', ') || 'none';
  throw new Failure('version', `the archive was written by PostgreSQL ${major}; clients here: ${present}`);
}
