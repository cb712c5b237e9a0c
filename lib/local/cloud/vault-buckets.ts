import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  HeadBucketCommand,
  type ObjectLockConfiguration,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
  type VersioningConfiguration,
} from '@aws-sdk/client-s3';
import type { Assembly, TemplateResource } from './assembly.ts';
import type { Deployment, KeptNames } from './deploy.ts';
import { type Endpoints, vaultClient } from './endpoints.ts';

/** What a cloud leaves in its folder for the next one, and for those who only look at the vault. */
interface CloudFile {
  readonly vaultBucket?: string;
  readonly names?: KeptNames;
}

const FILE = 'cloud.json';

/** The names of an earlier deployment over the same folder; none, where there was none. */
export function keptNames(dir: string): KeptNames {
  const file = join(dir, FILE);
  return existsSync(file) ? ((JSON.parse(readFileSync(file, 'utf8')) as CloudFile).names ?? {}) : {};
}

/** Notes the names of buckets that outlive their stack. */
export function keepNames(dir: string, { template }: Assembly, { report, outputs }: Deployment): void {
  const retained = report.created.filter(
    ({ logicalId, type }) => type === 'AWS::S3::Bucket' && template.Resources[logicalId]?.DeletionPolicy === 'Retain',
  );
  const names = Object.fromEntries(retained.map(({ logicalId, physicalId }) => [logicalId, physicalId]));
  const file: CloudFile = { ...(outputs.VaultBucket && { vaultBucket: outputs.VaultBucket }), names };
  writeFileSync(join(dir, FILE), `${JSON.stringify(file, null, 2)}\n`);
}

/** The buckets of the stack, by the names that CloudFormation gave them, where objects are kept. */
export async function createBuckets({ template }: Assembly, { report }: Deployment, endpoints: Endpoints): Promise<void> {
  const s3 = new S3Client(vaultClient(endpoints));
  for (const { logicalId, type, physicalId: Bucket } of report.created) {
    if (type !== 'AWS::S3::Bucket') continue;
    const there = await s3.send(new HeadBucketCommand({ Bucket })).then(
      () => true,
      () => false,
    );
    const { VersioningConfiguration, ObjectLockEnabled, ObjectLockConfiguration } = settingsOf(template.Resources[logicalId]);
    const ObjectLockEnabledForBucket = ObjectLockEnabled === true;
    if (!there) await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket }));
    if (VersioningConfiguration) await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    if (ObjectLockConfiguration) await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
  }
  s3.destroy();
}

interface BucketSettings {
  readonly VersioningConfiguration?: VersioningConfiguration;
  readonly ObjectLockEnabled?: boolean;
  readonly ObjectLockConfiguration?: ObjectLockConfiguration;
}

/** The template spells them as the calls do. */
const settingsOf = (bucket: TemplateResource | undefined): BucketSettings => (bucket?.Properties ?? {}) as BucketSettings;
