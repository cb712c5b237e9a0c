import { createHash } from 'node:crypto';
import type { GroupFindings } from './found.ts';
import { fitsAny } from './name-pattern.ts';
import type { DatabaseSource, ServerGroup } from './source.ts';
import { isSourceId } from './source-id.ts';

/** Databases that the provider of a managed server keeps for itself: nobody else may connect to them. */
const OF_PROVIDERS = new Set(['rdsadmin', 'cloudsqladmin', 'azure_maintenance', 'azure_sys']);

const MAX_ID = 63;
const HASH_DIGITS = 8;
const NAMED = 5;

export interface ServerListing {
  readonly group: ServerGroup;
  /** All databases of the server that take connections, templates left out. */
  readonly databases: readonly string[];
  /** What the run before saw; undefined where there is none. */
  readonly before: readonly string[] | undefined;
}

/** The sources that a server's databases make, and what changed since the run before. */
export function foundDatabases({
  group,
  databases,
  before,
}: ServerListing): Pick<GroupFindings, 'sources' | 'present' | 'notes'> {
  const wanted = databases.filter((name) => isWanted(name, group)).sort();
  const had = before && new Set(before);
  const appeared = had ? wanted.filter((name) => !had.has(name)) : [];
  const vanished = before?.filter((name) => !wanted.includes(name)) ?? [];
  return {
    sources: wanted.map((name) => sourceFor(name, group)),
    present: wanted,
    notes: [
      ...note('appeared since the last run', appeared),
      ...note('no longer there (what was backed up of it is kept)', vanished),
      ...(wanted.length === 0 ? ['no database of the server fits include and excludeDatabases'] : []),
    ],
  };
}

const isWanted = (name: string, { include, excludeDatabases }: ServerGroup): boolean =>
  !OF_PROVIDERS.has(name) && fitsAny(name, include) && !fitsAny(name, excludeDatabases);

function sourceFor(database: string, group: ServerGroup): DatabaseSource {
  const { kind: _, include: __, excludeDatabases: ___, id, ...settings } = group;
  return { ...settings, kind: 'database', id: foundDatabaseId(id, database), database, foundBy: id };
}

/**
 * The id of a database that a server source found. A name that may stand in an id does so as it is; any other gets its harmless
 * characters and the beginning of its SHA-256, so that two names never meet and no name reaches a key unchecked.
 */
export function foundDatabaseId(groupId: string, database: string): string {
  const plain = `${groupId}-${database}`;
  // an id of the other form can be the plain form of another name, so what looks like one is hashed as well
  if (isSourceId(plain) && !/-[0-9a-f]{8}$/.test(plain)) return plain;
  const hash = createHash('sha256').update(database).digest('hex').slice(0, HASH_DIGITS);
  const harmless = database.toLowerCase().replace(/[^a-z0-9_]+/g, '_');
  const room = MAX_ID - groupId.length - HASH_DIGITS - 2;
  return `${groupId}-${harmless.slice(0, Math.max(0, room))}-${hash}`.slice(0, MAX_ID);
}

function note(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, NAMED).map((name) => JSON.stringify(name));
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return [`${shown.join(', ')}${more}: ${what}`];
}
