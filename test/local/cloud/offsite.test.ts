import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalCloud } from '../../../lib/local/cloud/local-cloud.ts';
import { synthesize } from '../../../lib/local/cloud/synthesize.ts';
import { toolchain } from '../../support/toolchain.ts';

const CONFIG = `
name: shop
connections: { main: { secret: shop/main } }
objectLock: { mode: compliance, keep: 30d }
offsite: { region: eu-west-1, bucketName: shop-backups-offsite, account: "222222222222" }
sources: [{ id: app, database: app, connection: main }]
`;

const folder = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
let cloud: LocalCloud;

beforeAll(async () => {
  const config = join(folder, 'nightproof.yaml');
  writeFileSync(config, CONFIG);
  const assembly = await synthesize({ outdir: join(folder, 'cdk.out'), config });
  cloud = await LocalCloud.start({ assembly, dir: join(folder, 'local'), toolchain: await toolchain() });
});
afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('deploys the vault’s stack and says that the off-site one is not there', () => {
  const { stackName, report } = cloud.deployment;
  expect(stackName).toBe('shop');
  expect(report.notDeployed).toEqual([
    { stackName: 'shop-offsite', why: expect.stringContaining('aws://222222222222/eu-west-1') },
  ]);
  expect(report.notCreated).toEqual([]);
});

it('says that nothing is replicated', () => {
  const { ignored } = cloud.deployment.report;
  const bucket = ignored.find(({ type }) => type === 'AWS::S3::Bucket');
  expect(bucket?.properties).toContain('ReplicationConfiguration');
  expect(bucket?.properties).not.toContain('ObjectLockConfiguration');
});

it('locks what lies in the vault as the template says', async () => {
  const s3 = cloud.s3Client();
  const object = { Bucket: cloud.vaultBucket, Key: 'daily/app_20260419_020000.dump' };
  const { VersionId } = await s3.send(new PutObjectCommand({ ...object, Body: 'x' }));
  await expect(s3.send(new DeleteObjectCommand({ ...object, VersionId }))).rejects.toThrow();
  await s3.send(new DeleteObjectCommand(object));
  s3.destroy();
});
