import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** How to reach a server, as a secret of Secrets Manager holds it. */
export interface DatabaseLogin {
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
}

/** A source as nightproof.yaml has it. */
export interface NightSource {
  readonly id: string;
  readonly [field: string]: unknown;
}

const SECRET = 'nightproof/demo';

/** Writes what a night needs into its folder: nightproof.yaml, and secrets.json for its owner's eyes only. Returns the configuration's path. */
export function writeNightConfig(
  dir: string,
  login: DatabaseLogin,
  sslMode: string,
  sources: readonly NightSource[],
  more: object = {},
): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, 'secrets.json'), JSON.stringify({ [SECRET]: login }, null, 2), { mode: 0o600 });
  const config = join(dir, 'nightproof.yaml');
  writeFileSync(
    config,
    stringify({
      name: 'nightproof-demo',
      notify: { email: ['you@example.com'] },
      connections: { main: { secret: SECRET, sslMode } },
      keep: { daily: '7d', weekly: '4w', monthly: '12mo' },
      ...more,
      sources: sources.map((source) => ('volume' in source ? source : { ...source, connection: 'main' })),
    }),
  );
  return config;
}

/** A secret has to have one; a server that trusts its clients does not look at it. */
const NO_PASSWORD = 'none';

/** Takes the login away again: nothing but a further run would need it. */
export const removeLogin = (dir: string): void => rmSync(join(dir, 'secrets.json'), { force: true });

/** The login in a connection URL (the password also by PGPASSWORD), and the TLS mode it asks for: `prefer`, as psql does, where it asks for none. */
export function loginIn(url: URL, env: NodeJS.ProcessEnv): { readonly login: DatabaseLogin; readonly sslMode: string } {
  return {
    login: {
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password) || (env.PGPASSWORD ?? NO_PASSWORD),
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 5432),
    },
    sslMode: url.searchParams.get('sslmode') ?? 'prefer',
  };
}

/** A source id made of a database's name: what an id may not hold becomes "_". */
export const sourceIdFor = (database: string): string =>
  database
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '_')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 63) || 'database';
