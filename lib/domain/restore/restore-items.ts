import type { Manifest } from '../backup/manifest.ts';
import type { Connection } from '../config/connection.ts';
import { PLAIN_TASK } from '../run/plan.ts';
import { type ConfiguredSource, connectionOf } from '../source/source.ts';
import type { ReadRequest } from './read-request.ts';
import type { RestoreItem, RestoreMapItem } from './restore-plan.ts';

/** Roles come before what they own, and a database before the files that its rows speak of. */
const ORDER: readonly Manifest['kind'][] = ['globals', 'database', 'files', 'config', 'datedFolder'];

export interface PlannedItems {
  readonly items: readonly RestoreItem[];
  /** Why these backups cannot be restored as asked. */
  readonly problems: readonly string[];
}

/** One item for each chosen backup, in the order in which they are restored, and what speaks against it. */
export function restoreItems(
  asked: ReadRequest,
  manifests: readonly Manifest[],
  sources: readonly ConfiguredSource[],
): PlannedItems {
  const inOrder = [...manifests].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (a.key < b.key ? -1 : 1));
  const items = inOrder.map((manifest, n) =>
    itemOf(asked, manifest, { n, connection: connectionFor(manifest.sourceId, sources) }),
  );
  const problems = inOrder.flatMap((manifest, n) => {
    const item = items[n];
    return item
      ? [...fieldProblems(asked, manifest), ...placeProblems(asked, manifest), ...overSource(asked, manifest, item)]
      : [];
  });
  return { items, problems };
}

/** What the Map reads; the volume of the target is mounted for trees only. */
export const mapItemOf = ({ kind, n }: RestoreItem, { target }: Pick<ReadRequest, 'target'>): RestoreMapItem => ({
  n,
  task: kind === 'database' || kind === 'globals' ? PLAIN_TASK : (target.volume ?? PLAIN_TASK),
});

interface Place {
  readonly n: number;
  readonly connection: Connection | undefined;
}

function itemOf(
  { request }: ReadRequest,
  { kind, key, sourceId, database = sourceId }: Manifest,
  { n, connection }: Place,
): RestoreItem {
  const common = { n, key, sourceId };
  switch (kind) {
    case 'globals':
      return { ...common, kind };
    case 'database':
      return {
        ...common,
        kind,
        database: request.database ?? database,
        mode: request.mode,
        ...(request.tables && { tables: request.tables }),
        owners: request.owners ?? request.mode !== 'inPlace',
        compare: request.compare,
        ...(connection && { sourceConnection: connection }),
      };
    case 'files':
    case 'config':
    case 'datedFolder':
      return {
        ...common,
        kind,
        folder: request.folder ?? sourceId,
        replace: request.replace,
        ...(request.paths && { paths: request.paths }),
      };
  }
}

/** The connection of the source itself, or of the server source that found it: `main-shop` was found by `main`. */
function connectionFor(sourceId: string, sources: readonly ConfiguredSource[]): Connection | undefined {
  const own =
    sources.find(({ id }) => id === sourceId) ??
    sources.find(({ id, kind }) => kind === 'server' && sourceId.startsWith(`${id}-`));
  return own && connectionOf(own);
}

const isTree = ({ kind }: Manifest): boolean => kind !== 'database' && kind !== 'globals';

function fieldProblems({ request }: ReadRequest, manifest: Manifest): string[] {
  const wrong = (fields: readonly ('database' | 'tables' | 'folder' | 'paths')[], what: string) =>
    fields
      .filter((field) => request[field] !== undefined)
      .map((field) => `"${field}" is for ${what}, and ${manifest.key} is none`);
  return [
    ...(manifest.kind === 'database' ? [] : wrong(['database', 'tables'], 'the dump of a database')),
    ...(isTree(manifest) ? [] : wrong(['folder', 'paths'], 'a tree of files')),
  ];
}

function placeProblems({ request, target }: ReadRequest, manifest: Manifest): string[] {
  if (isTree(manifest))
    return target.volume ? [] : [`target "${request.target}" has no volume, and ${manifest.key} is a tree of files`];
  return target.connection ? [] : [`target "${request.target}" has no connection, and ${manifest.key} needs a server`];
}

/** By how it is spelt; the task looks at the servers themselves. */
function overSource({ request, target }: ReadRequest, { key, database }: Manifest, item: RestoreItem): string[] {
  if (request.overSource || item.kind !== 'database' || item.database !== database) return [];
  const { sourceConnection: from } = item;
  if (!from || !target.connection || !isSameServer(target.connection, from)) return [];
  return [
    `${key} was made of database ${JSON.stringify(database)} of this very server: say "overSource": true to replace it, or name another "database"`,
  ];
}

const isSameServer = (a: Connection, b: Connection): boolean =>
  a.host !== undefined && b.host !== undefined
    ? a.host === b.host && (a.port ?? 5432) === (b.port ?? 5432)
    : a.secret !== undefined && a.secret === b.secret;
