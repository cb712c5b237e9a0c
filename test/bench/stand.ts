import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { readAssembly } from '../../lib/local/cloud/assembly.ts';
import { ACCOUNT_ID, type Endpoints, vaultClient } from '../../lib/local/cloud/endpoints.ts';
import { startServers } from '../../lib/local/cloud/local-servers.ts';
import { synthesize } from '../../lib/local/cloud/synthesize.ts';
import { writeNightConfig } from '../../lib/local/demo/night-config.ts';
import { type PostgresServer, startPostgres } from '../../lib/local/servers/postgres-server.ts';
import { processGroup } from '../../lib/local/servers/process-group.ts';
import type { PostgresInstall } from '../../lib/local/setup/postgres.ts';
import type { Toolchain } from '../../lib/local/setup/toolchain.ts';

/** All that a measurement runs on; it ends with this process. */
export interface Stand {
  readonly server: PostgresServer;
  readonly endpoints: Endpoints;
  readonly s3: S3Client;
  readonly bucket: string;
  /** The dump task as `cdk deploy` would put it into the image. */
  readonly program: string;
  readonly folder: string;
}

const BUCKET = 'bench';

/** Starts PostgreSQL, versitygw and moto, and synthesizes the app for the bundle of the task. */
export async function setUpStand(install: PostgresInstall, toolchain: Toolchain): Promise<Stand> {
  const folder = processGroup.folder('bench').path;
  const [server, { s3: gateway, moto }] = await Promise.all([startPostgres(install), startServers(toolchain, folder)]);
  const { region, accessKeyId, secretAccessKey } = gateway;
  const endpoints = { aws: moto.endpoint, s3: gateway.endpoint, region, accountId: ACCOUNT_ID, accessKeyId, secretAccessKey };
  const s3 = new S3Client(vaultClient(endpoints));
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return { server, endpoints, s3, bucket: BUCKET, program: await bundledTask(folder, server), folder };
}

async function bundledTask(folder: string, { user: username, password, host, port }: PostgresServer): Promise<string> {
  const login = { username, password, host, port };
  const config = writeNightConfig(folder, login, 'disable', [{ id: 'bench', database: 'bench' }]);
  const assembly = readAssembly(await synthesize({ outdir: join(folder, 'cdk.out'), config }));
  const [image] = assembly.images.values();
  if (!image) throw new Error('the assembly has no image');
  return join(image.folder, 'dump.mjs');
}
