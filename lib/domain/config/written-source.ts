import { z } from 'zod';
import { ByteSizeText } from '../bytes.ts';
import { NIGHT_TIMEOUT_HOURS } from '../limits.ts';
import { PlanName } from '../run/plan-name.ts';
import {
  DUMP_COMPRESSIONS,
  Keep,
  Pattern,
  RelativePath,
  StorageClasses,
  TREE_COMPRESSIONS,
  VolumeName,
} from '../source/source.ts';
import { SourceId } from '../source/source-id.ts';
import { DurationText, parseDuration } from '../time/duration.ts';
import { PostgresName } from './connection.ts';

/** A dump that used all of the night would leave no time to say so. */
const MAX_DEADLINE_SECONDS = (NIGHT_TIMEOUT_HOURS - 1) * 3600;

export const Limits = z.strictObject({
  lockWait: DurationText.default('5m').describe('How long pg_dump waits for a table lock'),
  noProgress: DurationText.default('15m').describe('A dump that moves no byte for so long is stopped'),
  deadline: DurationText.refine((written) => (parseDuration(written) ?? 0) <= MAX_DEADLINE_SECONDS, {
    error: `must be at most ${MAX_DEADLINE_SECONDS / 3600}h: the whole night is ended after ${NIGHT_TIMEOUT_HOURS} hours`,
  })
    .default('6h')
    .describe('A dump that takes longer is stopped'),
});

const sourceFields = {
  id: SourceId.describe('Names the files of its backups; another id begins a new series'),
  enabled: z.boolean().default(true).describe('false: not in the scheduled run; a run by hand may still name it'),
  schedule: PlanName.optional().describe(
    'A name under schedules, or "manual" for no schedule at all; without it the nightly one',
  ),
  minSize: ByteSizeText.optional().describe('A smaller backup is refused, as "100MB"'),
  encrypt: z.boolean().optional().describe('true: encrypted to the recipients under encryption before it leaves the task'),
  storageClass: StorageClasses.optional(),
  limits: Limits.optional(),
};

const kept = { keep: Keep.optional() };

const connected = { connection: z.string().describe('A name under connections') };

const dumped = {
  ...connected,
  compression: z.enum(DUMP_COMPRESSIONS).default('auto').describe('"auto": zstd:1 where the client has it, else gzip:1'),
  exclude: z.array(Pattern).min(1).optional().describe('Tables left out whole, as pg_dump --exclude-table takes them: "audit.*"'),
  excludeData: z.array(Pattern).min(1).optional().describe('Tables of which only the definition is dumped'),
  portable: z
    .boolean()
    .optional()
    .describe(
      'true: for a server that has other roles. Grants are left out; owners stay in the archive, and a restore leaves them out (--no-owner)',
    ),
  expectExtensions: z.array(PostgresName).min(1).optional().describe('Refuse a database that lacks one of these extensions'),
};

const treed = {
  volume: VolumeName.describe('A name under volumes'),
  folder: RelativePath.default('.').describe('The folder on the volume to which all paths are relative'),
  exclude: z
    .array(Pattern)
    .default([])
    .describe('Paths left out; "*" does not cross "/", a pattern without "/" fits at any depth'),
  compression: z.enum(TREE_COMPRESSIONS).default('gzip:6'),
};

/** Sources as they are written. What is left out is filled in from the file's shared parts. */
export const WrittenSource = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('database').optional(),
    ...sourceFields,
    database: PostgresName.describe('Name of the database'),
    ...dumped,
    ...kept,
  }),
  z.strictObject({
    kind: z.literal('server').describe('All databases of a server, found when the run starts'),
    ...sourceFields,
    ...dumped,
    include: z.array(Pattern).min(1).default(['*']).describe('Names of databases; "*" and "?" stand for other characters'),
    excludeDatabases: z.array(Pattern).default([]).describe('Names of databases that are left out'),
    ...kept,
  }),
  z.strictObject({
    kind: z.literal('globals').describe('Roles and settings of a server, which no dump of a database holds'),
    ...sourceFields,
    ...connected,
    ...kept,
  }),
  z.strictObject({
    kind: z.literal('files').describe('A tree of files, as a tar'),
    ...sourceFields,
    ...treed,
    roots: z.array(RelativePath).min(1).default(['.']).describe('What of the folder is archived'),
    ...kept,
  }),
  z.strictObject({
    kind: z.literal('config').describe('A few named files that hold secrets: always encrypted'),
    ...sourceFields,
    ...treed,
    files: z.array(RelativePath).min(1).describe('Files and folders, relative to folder; each must be there'),
    ...kept,
  }),
  z.strictObject({
    kind: z.literal('datedFolders').describe('Folders named YYYY-MM-DD, each archived once and never removed'),
    ...sourceFields,
    ...treed,
    minAge: DurationText.default('1d').describe('How old the date of a folder must be'),
    settled: DurationText.default('1h').describe('How long nothing in a folder may have changed'),
  }),
]);
export type WrittenSource = z.infer<typeof WrittenSource>;
export type Limits = z.infer<typeof Limits>;
