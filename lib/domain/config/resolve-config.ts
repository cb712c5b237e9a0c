import { parseByteSize } from '../bytes.ts';
import { MANUAL, NIGHTLY } from '../run/plan-name.ts';
import type { ConfiguredSource, Keep, StorageClasses } from '../source/source.ts';
import { parseDuration } from '../time/duration.ts';
import type { Config, ConfigFile } from './config.ts';
import type { ConfigFault } from './config-fault.ts';
import type { Connection } from './connection.ts';
import { offsiteFaults } from './offsite-lifetimes.ts';
import { resolveRestore } from './resolve-restore.ts';
import { storageClassFaults } from './storage-class-faults.ts';
import { unknownName } from './unknown-name.ts';
import type { Limits, WrittenSource } from './written-source.ts';

/** Fills each source in from the file's shared parts, or says which references do not hold. */
export function resolveConfig(file: ConfigFile): { readonly config: Config } | { readonly faults: readonly ConfigFault[] } {
  const { connections: _, keep: __, limits: ___, storageClass: ____, restore: _____, sources: written, ...rest } = file;
  const resolved = written.map((source, index) => resolveSource(source, file, ['sources', index]));
  const { settings, faults: restoreFaults } = resolveRestore(file);
  const faults = [
    ...planFaults(file),
    ...idFaults(written),
    ...resolved.flatMap((one) => ('faults' in one ? one.faults : [])),
    ...restoreFaults,
  ];
  if (faults.length > 0) return { faults };
  return { config: { ...rest, restore: settings, sources: resolved.flatMap((one) => ('source' in one ? [one.source] : [])) } };
}

type Path = ConfigFault['path'];
type Resolved = { readonly source: ConfiguredSource } | { readonly faults: readonly ConfigFault[] };

function resolveSource(written: WrittenSource, file: ConfigFile, path: Path): Resolved {
  const faults: ConfigFault[] = [];
  const fault = (field: string, message: string): void => void faults.push({ path: [...path, field], message });
  const named = <T>(field: string, name: string, of: Readonly<Record<string, T>>, where: string): T | undefined => {
    if (Object.hasOwn(of, name)) return of[name];
    fault(field, unknownName(name, Object.keys(of), where));
    return undefined;
  };

  const { schedule } = written;
  if (schedule !== undefined && schedule !== MANUAL && schedule !== NIGHTLY)
    named('schedule', schedule, file.schedules, 'schedules');
  const encrypt = written.encrypt ?? written.kind === 'config';
  if (written.kind === 'config' && !encrypt) fault('encrypt', 'cannot be false, since such files hold secrets; leave it out');
  if (encrypt && !file.encryption)
    fault(
      written.encrypt === undefined ? 'kind' : 'encrypt',
      'needs somebody to encrypt to: write the public key that age-keygen prints under encryption.recipients',
    );
  const connection =
    'connection' in written ? named('connection', written.connection, file.connections, 'connections') : undefined;
  if ('volume' in written) named('volume', written.volume, file.volumes, 'volumes');

  const storageClasses = written.storageClass ?? file.storageClass;
  const keep =
    'keep' in written || written.kind !== 'datedFolders' ? ((written as { keep?: Keep }).keep ?? file.keep) : undefined;
  faults.push(...classFaults(written, file, keep).map((one) => ({ ...one, path: [...path, ...one.path] })));
  if (faults.length > 0) return { faults };

  const common = commonFields(written, file, { recipients: encrypt ? file.encryption?.recipients : undefined, storageClasses });
  return { source: complete(written, common, connection as Connection, keep as Keep) };
}

/** Those of a source's own part: what shared classes and shared keep rules do to each other is found once, for the file. */
function classFaults(written: WrittenSource, file: ConfigFile, keep: Keep | undefined): readonly ConfigFault[] {
  const field = written.storageClass ? 'storageClass' : 'keep';
  if (field === 'keep' && keep === file.keep) return [];
  return storageClassFaults(written.storageClass ?? file.storageClass, keep).map(({ tier, message }) => ({
    path: [field, tier],
    message,
  }));
}

interface Shared {
  readonly recipients: readonly string[] | undefined;
  readonly storageClasses: StorageClasses | undefined;
}

function commonFields(written: WrittenSource, file: ConfigFile, { recipients, storageClasses }: Shared) {
  const { id, enabled, schedule, minSize } = written;
  return {
    id,
    enabled,
    ...(schedule !== undefined && { plan: schedule }),
    ...(recipients && { recipients: [...recipients] }),
    ...(storageClasses && { storageClasses }),
    ...(minSize !== undefined && { minBytes: parseByteSize(minSize) as number }),
    limits: limitsOf(written.limits ?? file.limits),
  };
}

type Common = ReturnType<typeof commonFields>;

/** The source of its kind; connection and keep rules are there wherever the kind has them. */
function complete(written: WrittenSource, common: Common, connection: Connection, keep: Keep): ConfiguredSource {
  switch (written.kind) {
    case undefined:
    case 'database':
      return { ...common, kind: 'database', database: written.database, ...dumpSettings(written, connection), keep };
    case 'server': {
      const { include, excludeDatabases } = written;
      return { ...common, kind: 'server', ...dumpSettings(written, connection), include, excludeDatabases, keep };
    }
    case 'globals':
      return { ...common, kind: 'globals', connection, keep };
    case 'files':
      return { ...common, kind: 'files', ...treeSettings(written), roots: written.roots, keep };
    case 'config':
      // the schema of a configuration source wants recipients, and without them it was refused above
      return {
        ...common,
        kind: 'config',
        ...treeSettings(written),
        roots: written.files,
        recipients: common.recipients ?? [],
        keep,
      };
    case 'datedFolders':
      return {
        ...common,
        kind: 'datedFolders',
        ...treeSettings(written),
        minAgeSeconds: seconds(written.minAge),
        settledSeconds: seconds(written.settled),
      };
  }
}

type Dumped = Extract<WrittenSource, { compression: string; connection: string }>;
type Treed = Extract<WrittenSource, { volume: string }>;

const dumpSettings = (written: Dumped, connection: Connection) => {
  const { compression, exclude, excludeData, portable, expectExtensions } = written;
  return {
    connection,
    compression,
    ...(exclude && { exclude }),
    ...(excludeData && { excludeData }),
    ...(portable !== undefined && { portable }),
    ...(expectExtensions && { expectExtensions }),
  };
};

const treeSettings = ({ volume, folder, exclude, compression }: Treed) => ({ volume, folder, exclude, compression });

const limitsOf = (limits: Limits) => ({
  lockWaitSeconds: seconds(limits.lockWait),
  noProgressSeconds: seconds(limits.noProgress),
  deadlineSeconds: seconds(limits.deadline),
});

/** Durations in a parsed file have passed `DurationText` already. */
const seconds = (written: string): number => parseDuration(written) as number;

function planFaults({ schedules, storageClass, keep, objectLock, offsite, vault, sources }: ConfigFile): ConfigFault[] {
  const reserved = [NIGHTLY, MANUAL].filter((name) => Object.hasOwn(schedules, name));
  const lockDays = objectLock ? seconds(objectLock.keep) / 86_400 : 1;
  const rules = sources.map((source) => ('keep' in source ? source.keep : undefined) ?? keep);
  return [
    ...reserved.map((name) => ({
      path: ['schedules', name],
      message:
        name === NIGHTLY
          ? '"nightly" is what stands under "schedule"; choose another name'
          : '"manual" means no schedule at all; choose another name',
    })),
    ...storageClassFaults(storageClass, keep).map(({ tier, message }) => ({ path: ['storageClass', tier], message })),
    ...offsiteFaults(offsite?.keep, rules).map(({ tier, message }) => ({ path: ['offsite', 'keep', tier], message })),
    ...(vault ? settingsOfVault({ objectLock, offsite }) : []),
    ...(Number.isInteger(lockDays)
      ? []
      : [{ path: ['objectLock', 'keep'], message: 'must be in whole days, as "30d": S3 counts in days' }]),
  ];
}

/** A bucket that is there already has its own; a setting that silently did nothing would be missed on the day it is needed. */
const settingsOfVault = (settings: Pick<ConfigFile, 'objectLock' | 'offsite'>): ConfigFault[] =>
  Object.entries(settings).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [{ path: [name], message: 'cannot be set on a vault that exists already; leave it out, the bucket keeps its own' }],
  );

/** Ids name files: no two may be alike, nor one look like what another finds at run time. */
function idFaults(written: readonly WrittenSource[]): ConfigFault[] {
  const seen = new Set<string>();
  return written.flatMap(({ id }, index) => {
    const path = ['sources', index, 'id'];
    if (seen.has(id)) return [{ path, message: `"${id}" is used twice; ids name files and must differ, so choose another` }];
    seen.add(id);
    const finder = written.find((other) => other.id !== id && findsIdsLike(other, id));
    return finder ? [{ path, message: `"${id}" could be the name of something that "${finder.id}" finds; choose another` }] : [];
  });
}

function findsIdsLike({ kind, id: finder }: WrittenSource, id: string): boolean {
  if (kind === 'datedFolders') return id.startsWith(`${finder}_`) && /^\d{4}-\d{2}-\d{2}$/.test(id.slice(finder.length + 1));
  return kind === 'server' && id.startsWith(`${finder}-`);
}
