import { z } from 'zod';
import { drillFields } from '../drill/drill-settings.ts';
import { ShareText } from '../patrol/patrol-plan.ts';
import { RestoreSettings, WrittenRestore } from '../restore/restore-target.ts';
import { KeepAgeText } from '../retention/keep-rule.ts';
import { PlanName } from '../run/plan-name.ts';
import { ConfiguredSource, Keep, StorageClasses, VolumeName } from '../source/source.ts';
import { DurationText } from '../time/duration.ts';
import { isTimeZone, parseCron } from '../time/schedule.ts';
import { AgeRecipient } from './age-recipient.ts';
import { Connection } from './connection.ts';

import { Limits, WrittenSource } from './written-source.ts';

export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const CronText = z.string().refine((cron) => parseCron(cron) !== undefined, {
  error: 'must be five cron fields (minute hour day month weekday) that fit some day, one of day and weekday "*", as "0 2 * * *"',
});

const timing = (cron: string) => ({
  cron: CronText.default(cron),
  timeZone: z.string().refine(isTimeZone, { error: 'must be an IANA time zone, as Europe/Paris' }).default('UTC'),
  enabled: z.boolean().default(true),
});

const Schedule = z.strictObject({
  ...timing('0 2 * * *'),
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

/** Sundays, when the weekly copy of that night is there. */
const Drill = z.strictObject({
  schedule: z.strictObject(timing('0 5 * * 0')).prefault({}).describe('When backups are restored into a scratch server'),
  ...drillFields,
});

const Patrol = z.strictObject({
  schedule: z.strictObject(timing('0 6 1 * *')).prefault({}).describe('When stored backups are read again'),
  share: ShareText.default('5%').describe('How much of all backups is read each time; every backup has its turn'),
});

const BucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: 'must be a bucket name: lower-case letters, digits, "." and "-"' });

/** For a new stack over the backups of an old one. */
const ExistingVault = z.strictObject({
  bucketName: BucketName.describe('The bucket that the backups lie in; it is used as it is, with its own settings'),
  keyArn: z
    .string()
    .regex(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, { error: 'must be the ARN of a KMS key' })
    .describe('The key that they are encrypted with'),
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
  vault: ExistingVault.optional().describe('An existing bucket instead of a new one, as after the loss of the stack'),
  objectLock: ObjectLock.optional().describe('Locks every object against removal. Only when the vault is created.'),
  drill: Drill.prefault({}).describe('Restore tests: backups are restored into a scratch server and compared'),
  patrol: Patrol.prefault({}).describe('Reads stored backups again, byte by byte, a share at a time'),
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
  restore: WrittenRestore.prefault({}).describe('Where restores may go, and what stands around them'),
  sources: z.array(WrittenSource).min(1).describe('What is backed up, one entry for each'),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** The configuration as it travels beside a bundle, checked again where it is read. */
export const ResolvedConfig = z.strictObject({
  ...fileFields,
  restore: RestoreSettings,
  sources: z.array(ConfiguredSource),
});

/** The configuration that the rest of nightproof works with: every source complete. */
export type Config = z.infer<typeof ResolvedConfig>;
export type PlanSchedule = Config['schedule'];
/** When something starts. */
export type Timing = Pick<PlanSchedule, 'cron' | 'timeZone' | 'enabled'>;
