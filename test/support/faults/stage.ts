import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { withClient } from '../../../lib/local/demo/sample-databases.ts';
import { type PostgresServer, startPostgres } from '../../../lib/local/servers/postgres-server.ts';
import { processGroup } from '../../../lib/local/servers/process-group.ts';
import { startS3 } from '../../../lib/local/servers/s3-server.ts';
import type { PostgresInstall } from '../../../lib/local/setup/postgres.ts';
import type { Toolchain } from '../../../lib/local/setup/toolchain.ts';
import type { S3Place } from './case-vault.ts';
import { DATABASES, plantTrees } from './sources.ts';
import { PRIMARY_SETTINGS, startStandby } from './standby.ts';

/** A running server, as plain data. */
export interface ServerPlace {
  readonly install: PostgresInstall;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** The real parts that all lanes share, as plain data. */
export interface StagePlaces {
  readonly s3: S3Place;
  /** One of each major at hand; the first is the primary of the standby. */
  readonly servers: readonly ServerPlace[];
  readonly standby: ServerPlace;
  readonly installs: readonly PostgresInstall[];
  /** Where the trees lie that are backed up. */
  readonly volume: string;
  /** The dump task in one file, which starts faster. */
  readonly task: string;
  readonly folder: string;
}

export interface Stage {
  readonly places: StagePlaces;
  stop(): Promise<void>;
}

/** The database of a lane: no two lanes lock or disturb the same one. */
export const databaseOf = (lane: number, shape: keyof typeof DATABASES): string => `lane${lane}_${shape}`;

/** Starts the real parts for so many lanes: a server of each major, a standby, a store, trees, the task as one file. */
export async function setStage({ postgres, versitygw }: Toolchain, lanes: number): Promise<Stage> {
  const folder = processGroup.folder('faults');
  chmodSync(folder.path, 0o755);
  const installs = [...new Map(postgres.filter(({ hasServer }) => hasServer).map((one) => [one.major, one])).values()];
  const [s3, task, ...servers] = await Promise.all([
    startS3(versitygw, { dataDir: join(folder.path, 's3') }),
    bundled(join(folder.path, 'dump-task.mjs')),
    ...installs.map((install, n) => startServer(install, lanes, n === 0)),
  ]);
  const [primary] = servers;
  if (!primary) throw new Error('no PostgreSQL server is at hand');
  const standby = await startStandby(primary);
  const volume = join(folder.path, 'volume');
  mkdirSync(volume);
  plantTrees(volume);
  return {
    places: {
      s3: placeOfS3(s3),
      servers: servers.map(placeOf),
      standby: placeOf(standby),
      installs,
      volume,
      task,
      folder: folder.path,
    },
    async stop() {
      await standby.stop();
      await Promise.all([s3.stop(), ...servers.map((server) => server.stop())]);
      folder.remove();
    },
  };
}

async function startServer(install: PostgresInstall, lanes: number, isPrimary: boolean): Promise<PostgresServer> {
  const server = await startPostgres(install, { settings: { max_connections: '60', ...(isPrimary && PRIMARY_SETTINGS) } });
  const run = (database: string, sql: string) => withClient(server.url(database), (client) => client.query(sql));
  for (const [shape, { script }] of Object.entries(DATABASES)) {
    await run('postgres', `CREATE DATABASE ${shape}`);
    await run(shape, script);
    for (let lane = 0; lane < lanes; lane++)
      await run('postgres', `CREATE DATABASE ${databaseOf(lane, shape as keyof typeof DATABASES)} TEMPLATE ${shape}`);
  }
  return server;
}

/** As the image's build does it, with what is loaded by name only left where it is. */
async function bundled(outfile: string): Promise<string> {
  await build({
    entryPoints: [new URL('./task-program.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['pg-native'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}

const placeOf = ({ install, host, port, user, password }: PostgresServer): ServerPlace => ({
  install,
  host,
  port,
  user,
  password,
});

const placeOfS3 = ({ endpoint, region, accessKeyId, secretAccessKey, dataDir }: S3Place): S3Place => ({
  endpoint,
  region,
  accessKeyId,
  secretAccessKey,
  dataDir,
});

/** The server again, of its place. */
export const serverAt = (place: ServerPlace): PostgresServer => ({
  ...place,
  url: (database) => `postgresql://${place.user}:${place.password}@${place.host}:${place.port}/${encodeURIComponent(database)}`,
  stop: async () => undefined,
});
