import { z } from 'zod';
import type { Connection } from '../../domain/config/connection.ts';
import { Failure } from '../../domain/outcomes.ts';

const DEFAULT_PORT = 5432;

/** The shape that RDS writes. It adds fields of its own (engine, dbname, dbInstanceIdentifier, ...), and rotation may add more. */
const DatabaseSecret = z.object({
  username: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  host: z.string().min(1).optional(),
  port: z.coerce.number().int().min(1).max(65_535).optional(),
});
type DatabaseSecret = z.infer<typeof DatabaseSecret>;

/** Where a server is. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** All that is needed to log in. Never logged, never in argv. */
export interface Credentials extends ServerAddress {
  readonly password: string;
}

/** What credentials are made from. */
export interface CredentialSources {
  /** The text of a secret. Throws a `Failure` where it cannot be had. */
  secretText(id: string): Promise<string>;
  /** A token of RDS IAM authentication: valid for 15 minutes, and only to connect. */
  iamToken(address: ServerAddress): Promise<string>;
}

/** Credentials for one connection, made anew each time: secrets rotate and tokens expire. What the configuration says goes first. */
export async function credentialsFor(connection: Connection, sources: CredentialSources): Promise<Credentials> {
  const secret = connection.secret ? readSecret(connection.secret, await sources.secretText(connection.secret)) : {};
  const address: ServerAddress = {
    host: connection.host ?? secret.host ?? missing('host', connection),
    port: connection.port ?? secret.port ?? DEFAULT_PORT,
    user: connection.user ?? secret.username ?? missing('username', connection),
  };
  if (connection.auth === 'iam') return { ...address, password: await sources.iamToken(address) };

  const password = secret.password ?? missing('password', connection);
  // a password file is read line by line
  if (/[\r\n\0]/.test(password)) throw new Failure('secret', `the password in secret ${connection.secret} has a line break`);
  return { ...address, password };
}

function readSecret(id: string, text: string): DatabaseSecret {
  const parsed = DatabaseSecret.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.');
  throw new Failure('secret', where ? `secret ${id}: "${where}" is not usable` : `secret ${id} is not a JSON object`);
}

function missing(field: string, { secret }: Connection): never {
  throw new Failure(
    'secret',
    secret ? `secret ${secret} has no "${field}", and the configuration names none` : `no ${field} is configured`,
  );
}

/** The parser's own error would quote the secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
