import { z } from 'zod';

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

const Host = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,253}$/, { error: 'must be a host name or an address' })
  // an IPv6 address has more than one colon
  .refine((host) => !/^[^:]*:\d+$/.test(host), { error: 'must be a host name or an address alone; the port goes under "port"' });
const Port = z.number().int().min(1).max(65_535);

/** A name inside of PostgreSQL: of a database or a role. */
export const PostgresName = z
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
      if (!connection.host && !connection.secret) needs('host', 'where there is no secret; write the name of the server');
      // from a secret it would be known only at run time, and the task's role would have to admit every user
      if (!connection.user) needs('user', 'for IAM authentication; write the role to log in as');
    } else if (!connection.secret) {
      needs('secret', 'for the password (or write auth: iam)');
    }
  });
export type Connection = z.infer<typeof Connection>;
