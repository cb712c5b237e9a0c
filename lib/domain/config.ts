import { z } from 'zod';
import { DurationText, parseDuration } from './duration.ts';
import { KeepRuleText } from './keep-rule.ts';
import { NIGHT_TIMEOUT_HOURS } from './limits.ts';
import { isTimeZone, parseCron } from './schedule.ts';
import { SourceId } from './source-id.ts';

export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

const Host = z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/, { error: 'must be a host name or an address' });
const Port = z.number().int().min(1).max(65_535);
const PostgresName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 63, { error: 'must be at most 63 bytes: PostgreSQL cuts longer names' })
  .refine((name) => !/[\0\r\n]/.test(name), { error: 'must not contain line breaks or NUL' });

/** What Secrets Manager takes as a name, or an ARN. A connection string is neither. */
const SECRET_NAME = /^(arn:[a-z-]+:secretsmanager:[\w-]+:\d{12}:secret:)?[A-Za-z0-9/_+=.@-]{1,512}$/;

/** How to reach a server. What is not written here is taken from the secret, which has the shape that RDS writes. */
export const Connection = z
  .strictObject({
    secret: z
      .string()
      .regex(SECRET_NAME, { error: 'must be the name or ARN of a Secrets Manager secret, never what it holds' })
      .describe('Name or ARN of a Secrets Manager secret: {"username", "password", "host", "port"}')
      .optional(),
    host: Host.optional(),
    port: Port.optional(),
    user: PostgresName.optional(),
    auth: z.enum(['password', 'iam']).default('password').describe('"iam": RDS IAM authentication, no password anywhere'),
    sslMode: z.enum(SSL_MODES).default('verify-full'),
  })
  .superRefine((connection, context) => {
    const needs = (field: 'host' | 'user' | 'secret', why: string) =>
      context.addIssue({ code: 'custom', path: [field], message: `is needed ${why}` });
    if (connection.auth === 'iam') {
      if (!connection.host && !connection.secret) needs('host', 'where there is no secret');
      // from a secret it would be known only at run time, and the task's role would have to admit every user
      if (!connection.user) needs('user', 'for IAM authentication');
    } else if (!connection.secret) {
      needs('secret', 'for the password (or write auth: iam)');
    }
  });
export type Connection = z.infer<typeof Connection>;

const Keep = z.strictObject({
  daily: KeepRuleText,
  weekly: KeepRuleText.optional(),
  monthly: KeepRuleText.optional(),
  yearly: KeepRuleText.optional(),
});
/** Keep rules by tier, as written. A tier that is not named gets no copies. */
export type Keep = z.infer<typeof Keep>;

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

const Compression = z
  .enum(['auto', 'zstd:1', 'zstd:3', 'gzip:1', 'gzip:6', 'gzip:9', 'none'])
  .default('auto')
  .describe('"auto": zstd:1 where the client has it, else gzip:1');

const sourceFields = {
  id: SourceId,
  kind: z.literal('database').default('database'),
  enabled: z.boolean().default(true).describe('false: not in the nightly run; a run by hand may still name it'),
  database: PostgresName,
  compression: Compression,
};

/** A database to back up, complete: names resolved, defaults filled in. */
export const DatabaseSource = z.strictObject({
  ...sourceFields,
  connection: Connection,
  keep: Keep,
  limits: z.strictObject({ lockWaitSeconds: z.number(), noProgressSeconds: z.number(), deadlineSeconds: z.number() }),
});
export type DatabaseSource = z.infer<typeof DatabaseSource>;

const Schedule = z.strictObject({
  cron: z
    .string()
    .refine((cron) => parseCron(cron) !== undefined, {
      error: 'must be five cron fields (minute hour day month weekday), as "0 2 * * *"',
    })
    .default('0 2 * * *'),
  timeZone: z.string().refine(isTimeZone, { error: 'must be an IANA time zone, as Europe/Paris' }).default('UTC'),
  enabled: z.boolean().default(true),
});

const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), { error: `must be an id as ${prefix}-0123456789abcdef0` });

/** Room for four subnets of 32 addresses, which is what the largest mode takes. */
const Cidr = z
  .string()
  .regex(/^(10|172|192)(\.\d{1,3}){3}\/(1[6-9]|2[0-5])$/, { error: 'must be a private range from /16 to /25, as "10.86.0.0/24"' })
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
    subnetIds: z.array(id('subnet')).min(1),
    securityGroupIds: z.array(id('sg')).optional(),
    assignPublicIp: z.boolean().default(false),
  }),
]);

/** nightproof.yaml as it is written. Closed: a key that is not here is refused, since a misspelt rule would silently not apply. */
export const ConfigFile = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,40}$/, {
      error: 'must be letters, digits and "-", starting with a letter, at most 41 characters',
    })
    .default('nightproof')
    .describe('Name of the CloudFormation stack'),
  schedule: Schedule.prefault({}),
  weeklyDay: z.enum(WEEKDAYS).default('SUN').describe('The day whose backup becomes the weekly copy'),
  notify: z.strictObject({ email: z.array(z.email()).default([]) }).prefault({}),
  network: Network.prefault({ mode: 'public' }),
  maxConcurrency: z.number().int().min(1).max(1000).default(4).describe('Sources dumped at a time'),
  connections: z.record(z.string().regex(/^[a-z][a-z0-9_-]*$/), Connection),
  keep: Keep.prefault({ daily: '7d', weekly: '4w' }).describe('Keep rules of sources that have none of their own'),
  limits: Limits.prefault({}),
  sources: z
    .array(
      z.strictObject({
        ...sourceFields,
        connection: z.string().describe('A name under connections'),
        keep: Keep.optional(),
        limits: Limits.optional(),
      }),
    )
    .min(1),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** The configuration that the rest of nightproof works with: every source complete. */
export interface Config extends Omit<ConfigFile, 'connections' | 'keep' | 'limits' | 'sources'> {
  readonly sources: readonly DatabaseSource[];
}

/** The configuration as it travels beside a bundle, checked again where it is read. */
export const ResolvedConfig: z.ZodType<Config> = ConfigFile.omit({
  connections: true,
  keep: true,
  limits: true,
  sources: true,
}).extend({ sources: z.array(DatabaseSource) });

/** A fault that no single field has; `path` says where to point. */
export interface ConfigFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Fills each source in from the file's shared parts, or says which references do not hold. */
export function resolveConfig(file: ConfigFile): { readonly config: Config } | { readonly faults: readonly ConfigFault[] } {
  const { connections, keep, limits, sources: written, ...rest } = file;
  const faults: ConfigFault[] = [];
  const seen = new Set<string>();

  const sources = written.flatMap((source, index): DatabaseSource[] => {
    if (seen.has(source.id))
      faults.push({ path: ['sources', index, 'id'], message: `"${source.id}" is used twice; ids name files and must differ` });
    seen.add(source.id);

    const connection = Object.hasOwn(connections, source.connection) ? connections[source.connection] : undefined;
    if (!connection) {
      const known = Object.keys(connections).join(', ') || 'none';
      faults.push({
        path: ['sources', index, 'connection'],
        message: `"${source.connection}" is not under connections; there are: ${known}`,
      });
      return [];
    }
    const own = source.limits ?? limits;
    return [
      {
        ...source,
        connection,
        keep: source.keep ?? keep,
        limits: {
          lockWaitSeconds: seconds(own.lockWait),
          noProgressSeconds: seconds(own.noProgress),
          deadlineSeconds: seconds(own.deadline),
        },
      },
    ];
  });

  return faults.length > 0 ? { faults } : { config: { ...rest, sources } };
}

/** Durations in a parsed file have passed `DurationText` already. */
const seconds = (written: string): number => parseDuration(written) as number;
