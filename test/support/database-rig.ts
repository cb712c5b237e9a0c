import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { DatabaseSource } from '../../lib/domain/source/source.ts';
import { type PostgresServer, startPostgres } from '../../lib/local/servers/postgres-server.ts';
import type { PostgresInstall } from '../../lib/local/setup/postgres.ts';
import type { CredentialSources } from '../../lib/runtime/postgres/credentials.ts';
import { toolchain } from './toolchain.ts';

/** A real server of one major version that is at hand, and what a test does to it as its superuser. */
export class DatabaseRig {
  readonly server: PostgresServer;

  private constructor(server: PostgresServer) {
    this.server = server;
  }

  /** `major`: of that version, or of the machine's first. `settings`: over those of a throw-away server. */
  static async start(major?: number, settings: Readonly<Record<string, string>> = {}): Promise<DatabaseRig> {
    const { postgres } = await toolchain();
    const install = postgres.find((found) => found.hasServer && (major === undefined || found.major === major));
    if (!install) throw new Error(`no PostgreSQL ${major ?? ''} server is at hand`);
    return new DatabaseRig(await startPostgres(install, { settings }));
  }

  /** A server of an installation that is no part of the toolchain. */
  static async of(install: PostgresInstall): Promise<DatabaseRig> {
    return new DatabaseRig(await startPostgres(install));
  }

  /** The majors that can be started here. */
  static async majors(): Promise<readonly number[]> {
    const { postgres } = await toolchain();
    return [...new Set(postgres.filter(({ hasServer }) => hasServer).map(({ major }) => major))];
  }

  /** Runs a script of statements in a database; returns the rows of a single statement. */
  async sql<Row = Record<string, unknown>>(database: string, script: string): Promise<Row[]> {
    const client = await this.session(database);
    try {
      return (await client.query(script)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** A session that stays open, for locks. */
  async session(database: string): Promise<Client> {
    const { host, port, user, password } = this.server;
    const client = new Client({ host, port, user, password, database, ssl: false });
    // tests end sessions by force
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** A new database with what `script` makes in it. */
  async database(name: string, script = ''): Promise<string> {
    await this.sql('postgres', `CREATE DATABASE "${name.replaceAll('"', '""')}"`);
    if (script) await this.sql(name, script);
    return name;
  }

  /** Runs a client program of the server's own installation, as the superuser. Returns what it wrote. */
  async program(name: 'pg_dump' | 'pg_restore', args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const { host, port, user, password, install } = this.server;
    const { stdout } = await promisify(execFile)(join(install.binDir, name), [...args], {
      env: { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, ...env },
      maxBuffer: 1024 ** 3,
    });
    return stdout;
  }

  /** Restores an archive with plain pg_restore into a new database. */
  async restore(archive: string, database: string): Promise<string> {
    await this.database(database);
    await this.program('pg_restore', ['--exit-on-error', '--single-transaction', `--dbname=dbname='${database}'`, archive]);
    return database;
  }

  /** What the configuration says of one of this server's databases. */
  source(database: string, overrides: Partial<DatabaseSource> = {}): DatabaseSource {
    return {
      id: 'shop',
      kind: 'database',
      enabled: true,
      database,
      compression: 'auto',
      connection: { secret: 'shop-secret', auth: 'password', sslMode: 'disable' },
      keep: { daily: '7d' },
      limits: { lockWaitSeconds: 60, noProgressSeconds: 60, deadlineSeconds: 300 },
      ...overrides,
    };
  }

  /** A secret of the shape that RDS writes, for the superuser unless told otherwise. */
  secret(fields: Record<string, unknown> = {}): string {
    const { host, port, user, password } = this.server;
    return JSON.stringify({ engine: 'postgres', dbInstanceIdentifier: 'local', host, port, username: user, password, ...fields });
  }

  credentials(fields: Record<string, unknown> = {}): CredentialSources {
    return {
      secretText: async () => this.secret(fields),
      iamToken: async () => {
        throw new Error('no IAM authentication in this test');
      },
    };
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
