import { z } from 'zod';
import { ByteSizeText } from '../bytes.ts';
import { NIGHT_TIMEOUT_HOURS } from '../limits.ts';
import { KeepAgeText } from '../retention/keep-rule.ts';
import { PlanName } from '../run/plan-name.ts';
import {
  ConfiguredSource,
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
import { isTimeZone, parseCron } from '../time/schedule.ts';
import { AgeRecipient } from './age-recipient.ts';
import { Connection, PostgresName } from './connection.ts';

export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A dump that used all of the night would leave no time to say so. */
const MAX_DEADLINE_SECONDS = (NIGHT_TIMEOUT_HOURS - 1) * 3600;

const Limits = z.strictObject({
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
const WrittenSource = z.discriminatedUnion('kind', [
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

const Schedule = z.strictObject({
  cron: z
    .string()
    .refine((cron) => parseCron(cron) !== undefined, {
      error:
        'must be five cron fields (minute hour day month weekday) that fit some day, one of day and weekday "*", as "0 2 * * *"',
    })
    .default('0 2 * * *'),
  timeZone: z.string().refine(isTimeZone, { error: 'must be an IANA time zone, as Europe/Paris' }).default('UTC'),
  enabled: z.boolean().default(true),
  startTolerance: DurationText.default('5m').describe('A run that starts later than this after its time is marked as late'),
});

const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), { error: `must be an id as ${prefix}-0123456789abcdef0` });

const BYTE = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const PRIVATE_RANGE = new RegExp(`^(10\\.${BYTE}|172\\.(1[6-9]|2\\d|3[01])|192\\.168)\\.${BYTE}\\.${BYTE}/(1[6-9]|2[0-5])$`);

/** Room for four subnets of 32 addresses, which is what the largest mode takes. */
const Cidr = z
  .string()
  .refine((cidr) => PRIVATE_RANGE.test(cidr), { error: 'must be a private range from /16 to /25, as "10.86.0.0/24"' })
  .default('10.86.0.0/24');

const Network = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('public').describe('An own VPC; the task gets a public address and lets nothing in. Costs next to nothing.'),
    cidr: Cidr,
  }),
  z.strictObject({
    mode: z.literal('nat').describe('An own VPC with private subnets behind one NAT gateway (about 33 USD a month)'),
    cidr: Cidr,
  }),
  z.strictObject({
    mode: z.literal('existing').describe('The VPC in which the databases are'),
    vpcId: id('vpc'),
    subnetIds: z.array(id('subnet')).min(1).describe('Subnets of that VPC'),
    securityGroupIds: z.array(id('sg')).optional(),
    assignPublicIp: z.boolean().default(false),
  }),
]);

const Volume = z.strictObject({
  fileSystemId: id('fs').describe('The EFS file system'),
  accessPointId: id('fsap').describe('The access point: it fixes the user and the folder that the task sees'),
});

const Encryption = z.strictObject({
  recipients: z
    .array(AgeRecipient)
    .min(1)
    .describe('Public keys. Keep the identities that belong to them elsewhere: without one, no backup can be read'),
});

const Offsite = z.strictObject({
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'must be a region, as eu-west-1' }),
  bucketName: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, { error: 'must be a bucket name: lower-case letters, digits and "-"' })
    .describe('Name of the bucket there; it must be new in the whole of S3'),
  account: z
    .string()
    .regex(/^\d{12}$/, { error: 'must be an account id of 12 digits, in quotes' })
    .optional()
    .describe('Another account, for copies that the first one cannot reach'),
  keep: z
    .strictObject({
      daily: KeepAgeText.optional(),
      weekly: KeepAgeText.optional(),
      monthly: KeepAgeText.optional(),
      yearly: KeepAgeText.optional(),
    })
    .optional()
    .describe('Ages after which the bucket there drops objects of a tier; a tier that is not named is kept there for ever'),
});

const ObjectLock = z.strictObject({
  mode: z.enum(['governance', 'compliance']).describe('"compliance": nobody, not even root, removes a version before its time'),
  keep: DurationText.describe('How long each object is locked, in days: "30d"'),
});

const ConnectionName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]*$/, { error: 'must be lower-case letters, digits, "_" and "-", starting with a letter' });

const fileFields = {
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,40}$/, {
      error: 'must be letters, digits and "-", starting with a letter, at most 41 characters',
    })
    .default('nightproof')
    .describe('Name of the CloudFormation stack'),
  schedule: Schedule.prefault({}).describe('When the nightly plan runs'),
  schedules: z
    .record(PlanName, Schedule)
    .default({})
    .describe('Further plans: a run of their own for the sources that name them'),
  weeklyDay: z.enum(WEEKDAYS).default('SUN').describe('The day whose backup becomes the weekly copy'),
  notify: z.strictObject({ email: z.array(z.email()).default([]) }).prefault({}),
  network: Network.prefault({ mode: 'public' }),
  maxConcurrency: z.number().int().min(1).max(1000).default(4).describe('Sources backed up at a time'),
  volumes: z.record(VolumeName, Volume).default({}).describe('EFS volumes that file sources lie on'),
  encryption: Encryption.optional(),
  offsite: Offsite.optional().describe('A second bucket, in another region, that S3 copies every object to'),
  objectLock: ObjectLock.optional().describe('Locks every object against removal. Only when the vault is created.'),
  notCovered: z
    .array(z.string().min(1).max(200))
    .default([])
    .describe('What is deliberately not backed up; each report names it'),
};

/** nightproof.yaml as it is written. Closed: a key that is not here is refused, since a misspelt rule would silently not apply. */
export const ConfigFile = z.strictObject({
  ...fileFields,
  connections: z.record(ConnectionName, Connection).default({}),
  keep: Keep.prefault({ daily: '7d', weekly: '4w' }).describe('Keep rules of sources that have none of their own'),
  storageClass: StorageClasses.optional().describe('Storage classes of copies, by tier; sources may have their own'),
  limits: Limits.prefault({}),
  sources: z.array(WrittenSource).min(1).describe('What is backed up, one entry for each'),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** The configuration as it travels beside a bundle, checked again where it is read. */
export const ResolvedConfig = z.strictObject({ ...fileFields, sources: z.array(ConfiguredSource) });

/** The configuration that the rest of nightproof works with: every source complete. */
export type Config = z.infer<typeof ResolvedConfig>;
export type PlanSchedule = Config['schedule'];
export type Limits = z.infer<typeof Limits>;
