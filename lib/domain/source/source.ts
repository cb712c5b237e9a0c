import { z } from 'zod';
import { Connection, PostgresName } from '../config/connection.ts';
import { KeepRuleText } from '../retention/keep-rule.ts';
import { PlanName } from '../run/plan-name.ts';
import { parseSlot, type Slot } from '../time/slot.ts';
import { SourceId } from './source-id.ts';
import { STORAGE_CLASSES } from './storage-class.ts';

/** Keep rules by tier, as written. A tier that is not named gets no copies. */
export const Keep = z.strictObject({
  daily: KeepRuleText,
  weekly: KeepRuleText.optional(),
  monthly: KeepRuleText.optional(),
  yearly: KeepRuleText.optional(),
});
export type Keep = z.infer<typeof Keep>;

/** S3 storage classes of copies and archives, by tier; `daily` is always STANDARD. */
export const StorageClasses = z.strictObject({
  weekly: z.enum(STORAGE_CLASSES).optional(),
  monthly: z.enum(STORAGE_CLASSES).optional(),
  yearly: z.enum(STORAGE_CLASSES).optional(),
  archive: z.enum(STORAGE_CLASSES).optional(),
});
export type StorageClasses = z.infer<typeof StorageClasses>;

export const DUMP_COMPRESSIONS = ['auto', 'zstd:1', 'zstd:3', 'gzip:1', 'gzip:6', 'gzip:9', 'none'] as const;
export const TREE_COMPRESSIONS = ['gzip:1', 'gzip:6', 'gzip:9', 'zstd:1', 'zstd:3'] as const;

/** A folder or file below another, as tar is given it: relative, and never upwards. */
export const RelativePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..') && !/[\0\r\n]/.test(path), {
    error: 'must be a relative path without "..", as "uploads/2026"',
  });

/** A pattern of tables or paths: `*` and `?` stand for other characters. */
export const Pattern = z
  .string()
  .min(1)
  .max(1024)
  .refine((pattern) => !/[\0\r\n]/.test(pattern), { error: 'must not contain line breaks or NUL' });

/** The name of a configured EFS volume. It becomes a folder name and part of state names. */
export const VolumeName = z.string().regex(/^(?!plain$)[a-z][a-z0-9-]{0,30}$/, {
  error: 'must be lower-case letters, digits and "-", starting with a letter, at most 31 characters, and not "plain"',
});

/** A date as folders carry it. */
export const DateText = z.string().refine((text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && slotOfDate(text) !== undefined, {
  error: 'must be a date, as 2026-04-15',
});

/** What every source has, complete. */
const common = {
  id: SourceId,
  enabled: z.boolean().default(true),
  /** The plan it belongs to. @default "nightly" */
  plan: PlanName.optional(),
  /** Public keys that the artifact is encrypted to; without them only the vault's own encryption protects it. */
  recipients: z.array(z.string()).min(1).optional(),
  storageClasses: StorageClasses.optional(),
  /** Smaller artifacts are refused: what shrank to nothing is no backup. */
  minBytes: z.number().int().positive().optional(),
  limits: z.strictObject({ lockWaitSeconds: z.number(), noProgressSeconds: z.number(), deadlineSeconds: z.number() }),
};

/** How databases are dumped, whether named one by one or found on a server. */
const dumpSettings = {
  connection: Connection,
  compression: z.enum(DUMP_COMPRESSIONS),
  /** Patterns of tables that are left out whole, or whose rows are. */
  exclude: z.array(Pattern).optional(),
  excludeData: z.array(Pattern).optional(),
  /** Without owners and grants, for a restore into a server that has other roles. */
  portable: z.boolean().optional(),
  /** Extensions that the database must have; without them it is not the one that is meant. */
  expectExtensions: z.array(PostgresName).optional(),
};

export const DatabaseSource = z.strictObject({
  ...common,
  kind: z.literal('database'),
  database: PostgresName,
  ...dumpSettings,
  keep: Keep,
  /** The server source that it was found by. */
  foundBy: SourceId.optional(),
});
export type DatabaseSource = z.infer<typeof DatabaseSource>;

/** Roles and settings of a server, which no database's dump holds. */
export const GlobalsSource = z.strictObject({ ...common, kind: z.literal('globals'), connection: Connection, keep: Keep });
export type GlobalsSource = z.infer<typeof GlobalsSource>;

/** What of a volume is archived. Paths are relative to `folder`, which is relative to the volume. */
const treeSettings = {
  volume: VolumeName,
  folder: RelativePath.default('.'),
  exclude: z.array(Pattern).default([]),
  compression: z.enum(TREE_COMPRESSIONS),
};

export const FilesSource = z.strictObject({
  ...common,
  kind: z.literal('files'),
  ...treeSettings,
  roots: z.array(RelativePath).min(1),
  keep: Keep,
});
export type FilesSource = z.infer<typeof FilesSource>;

/** A few named files that hold secrets, and so are always encrypted. Each of them must be there. */
export const ConfigSource = z.strictObject({
  ...common,
  kind: z.literal('config'),
  ...treeSettings,
  roots: z.array(RelativePath).min(1),
  recipients: z.array(z.string()).min(1),
  keep: Keep,
});
export type ConfigSource = z.infer<typeof ConfigSource>;

/** One dated folder, archived once and for ever. Found at run time, never configured. */
export const DatedFolderSource = z.strictObject({
  ...common,
  kind: z.literal('datedFolder'),
  ...treeSettings,
  date: DateText,
  foundBy: SourceId,
});
export type DatedFolderSource = z.infer<typeof DatedFolderSource>;

/** A source that makes one artifact a run. */
export const Source = z.discriminatedUnion('kind', [DatabaseSource, GlobalsSource, FilesSource, ConfigSource, DatedFolderSource]);
export type Source = z.infer<typeof Source>;
export const SOURCE_KINDS = [
  'database',
  'globals',
  'files',
  'config',
  'datedFolder',
] as const satisfies readonly Source['kind'][];

/** All databases of a server, found at run time. */
export const ServerGroup = z.strictObject({
  ...common,
  kind: z.literal('server'),
  ...dumpSettings,
  /** Names of databases; a database is backed up where one of the first and none of the second fits. */
  include: z.array(Pattern).default(['*']),
  excludeDatabases: z.array(Pattern).default([]),
  keep: Keep,
});
export type ServerGroup = z.infer<typeof ServerGroup>;

/** Every folder that is named by a date, archived once it has come to rest. */
export const DatedFoldersGroup = z.strictObject({
  ...common,
  kind: z.literal('datedFolders'),
  ...treeSettings,
  /** Days that must have passed since the date of a folder. */
  minAgeSeconds: z.number(),
  /** How long nothing in it may have changed. */
  settledSeconds: z.number(),
});
export type DatedFoldersGroup = z.infer<typeof DatedFoldersGroup>;

/** Sources that are only known at run time. */
export const SourceGroup = z.discriminatedUnion('kind', [ServerGroup, DatedFoldersGroup]);
export type SourceGroup = z.infer<typeof SourceGroup>;

/** What a configuration can name. */
export const ConfiguredSource = z.discriminatedUnion('kind', [
  DatabaseSource,
  GlobalsSource,
  FilesSource,
  ConfigSource,
  DatedFolderSource,
  ServerGroup,
  DatedFoldersGroup,
]);
export type ConfiguredSource = z.infer<typeof ConfiguredSource>;

export const isGroup = (source: ConfiguredSource): source is SourceGroup =>
  source.kind === 'server' || source.kind === 'datedFolders';

/** Where a source's files are; undefined for those that need no volume. */
export const volumeOf = (source: ConfiguredSource): string | undefined => ('volume' in source ? source.volume : undefined);

/** How a source's server is reached; undefined for those that have none. */
export const connectionOf = (source: ConfiguredSource): Connection | undefined =>
  'connection' in source ? source.connection : undefined;

/** Keep rules of a source; what lies in the archive has none, since it is never removed. */
export const keepOf = (source: ConfiguredSource): Keep | undefined => ('keep' in source ? source.keep : undefined);

/** Midnight UTC of a date. */
export function slotOfDate(date: string): Slot | undefined {
  return parseSlot(`${date.replaceAll('-', '')}_000000`);
}
