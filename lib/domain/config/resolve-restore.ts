import type { RestoreSettings, RestoreTarget, WrittenTarget } from '../restore/restore-target.ts';
import type { ConfigFile } from './config.ts';
import type { ConfigFault } from './config-fault.ts';
import { unknownName } from './unknown-name.ts';

type Named = ConfigFile['connections'];

/** Where restores may go: what is written, and every connection under its own name where nothing of that name is. */
export function resolveRestore({ connections, volumes, restore, drill, sources }: ConfigFile): {
  readonly settings: RestoreSettings;
  readonly faults: readonly ConfigFault[];
} {
  const { identity, targets: written } = restore;
  const implied = Object.entries(connections).map(([name, connection]) => [name, { ...BARE, connection }] as const);
  const resolved = Object.entries(written).map(([name, target]) => [name, withConnection(target, connections)] as const);
  const faults = [
    ...Object.entries(written).flatMap(([name, target]) => targetFaults(name, target, connections, Object.keys(volumes))),
    ...drillFaults(drill, sources),
  ];
  return {
    settings: { ...(identity !== undefined && { identity }), targets: Object.fromEntries([...implied, ...resolved]) },
    faults,
  };
}

const BARE = { production: false, services: [], before: { sql: [] }, after: { sql: [] } } satisfies RestoreTarget;

function withConnection({ connection, ...rest }: WrittenTarget, connections: Named): RestoreTarget {
  const found = connection !== undefined && Object.hasOwn(connections, connection) ? connections[connection] : undefined;
  return { ...rest, ...(found && { connection: found }) };
}

function targetFaults(
  name: string,
  { connection, volume }: WrittenTarget,
  connections: Named,
  volumes: readonly string[],
): ConfigFault[] {
  const fault = (field: string, message: string): ConfigFault => ({ path: ['restore', 'targets', name, field], message });
  return [
    ...(connection === undefined && volume === undefined
      ? [fault('connection', 'is needed (a name under connections), or "volume" for trees of files')]
      : []),
    ...(connection !== undefined && !Object.hasOwn(connections, connection)
      ? [fault('connection', unknownName(connection, Object.keys(connections), 'connections'))]
      : []),
    ...(volume !== undefined && !volumes.includes(volume) ? [fault('volume', unknownName(volume, volumes, 'volumes'))] : []),
  ];
}

/** ECS takes 8,192 characters of variables in all; three signed addresses need some 6,000 of them. */
const MAX_PROBE_CHARACTERS = 1500;

/** A probe of a source that is not there would never be asked, and nobody would notice. */
function drillFaults({ probes, exclude }: ConfigFile['drill'], sources: ConfigFile['sources']): ConfigFault[] {
  const ids = sources.map(({ id }) => id);
  const finders = sources.filter(({ kind }) => kind === 'server' || kind === 'datedFolders').map(({ id }) => id);
  // what a server holds is known at run time only
  const isKnown = (id: string): boolean => ids.includes(id) || finders.some((finder) => id.startsWith(finder));
  return [
    ...Object.keys(probes)
      .filter((id) => !isKnown(id))
      .map((id) => ({ path: ['drill', 'probes', id], message: unknownName(id, ids, 'sources') })),
    ...Object.entries(probes)
      .filter(([, texts]) => JSON.stringify(texts).length > MAX_PROBE_CHARACTERS)
      .map(([id]) => ({
        path: ['drill', 'probes', id],
        message: `must be at most ${MAX_PROBE_CHARACTERS} characters in all: they travel in the variables of a task`,
      })),
    ...exclude.flatMap((id, index) =>
      isKnown(id) ? [] : [{ path: ['drill', 'exclude', index], message: unknownName(id, ids, 'sources') }],
    ),
  ];
}
