import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { TIERS } from '../domain/backup/tiers.ts';
import type { Config } from '../domain/config/config.ts';
import { acknowledge } from './acknowledge.ts';
import { keptBucket } from './kept-bucket.ts';
import { OffsiteReplication } from './offsite-replication.ts';

export interface BackupVaultProps extends Pick<Config, 'objectLock' | 'offsite'> {
  /** Of a new bucket. */
  readonly key: IKey;
  /** A bucket that is there already, with its key, instead of a new one. */
  readonly existing?: Config['vault'];
}

/** The bucket that backups land in. It outlives the stack that created it, and a later stack may go on with it. */
export class BackupVault extends Construct {
  readonly bucket: IBucket;
  readonly #key: IKey;

  constructor(scope: Construct, id: string, props: BackupVaultProps) {
    super(scope, id);
    const { existing } = props;
    this.#key = existing ? Key.fromKeyArn(this, 'Key', existing.keyArn) : props.key;
    this.bucket = existing ? Bucket.fromBucketName(this, 'Bucket', existing.bucketName) : this.newBucket(props);
  }

  private newBucket({ key, objectLock, offsite }: BackupVaultProps): Bucket {
    const bucket = new Bucket(this, 'Bucket', keptBucket(key, objectLock));
    if (offsite) new OffsiteReplication(this, 'Offsite', { bucket, key, offsite, locked: objectLock !== undefined });
    acknowledge(
      bucket,
      'AwsSolutions-S1',
      'Access logs would need a second bucket; data events of CloudTrail tell more and are the account owner’s to switch on',
    );
    return bucket;
  }

  /** Reads objects under the prefixes. It tells a missing key from a forbidden one, and so may list the names of all. */
  read(...prefixes: readonly string[]): PolicyStatement[] {
    return [
      new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] }),
      new PolicyStatement({ actions: ['s3:GetObject', 's3:GetObjectVersion'], resources: this.objects(prefixes) }),
      new PolicyStatement({ actions: ['kms:Decrypt'], resources: [this.#key.keyArn] }),
    ];
  }

  /** Writes new objects under the prefixes; no way to delete one, to change locks, or to touch an old version. */
  deposit(...prefixes: readonly string[]): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: ['s3:PutObject', 's3:PutObjectTagging', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        resources: this.objects(prefixes),
      }),
      // to find and abort what a killed try left open; by the bucket, since S3 has no finer resource for it
      new PolicyStatement({ actions: ['s3:ListBucketMultipartUploads'], resources: [this.bucket.bucketArn] }),
      // Decrypt too: S3 reads the parts of a multipart upload back to join them
      new PolicyStatement({ actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [this.#key.keyArn] }),
    ];
  }

  /** Says of a backup, beside it, that it is damaged; can write nothing else there. */
  depositDamage(): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: ['s3:PutObject'],
        resources: TIERS.map((tier) => this.bucket.arnForObjects(`${tier}/*.damaged.json`)),
      }),
      new PolicyStatement({ actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [this.#key.keyArn] }),
    ];
  }

  /** Hides objects under the prefixes behind delete markers. Nobody in this stack may delete a version. */
  hide(...prefixes: readonly string[]): PolicyStatement[] {
    return [new PolicyStatement({ actions: ['s3:DeleteObject'], resources: this.objects(prefixes) })];
  }

  /** Finds and aborts uploads under the prefixes that were left open. */
  abort(...prefixes: readonly string[]): PolicyStatement[] {
    return [
      new PolicyStatement({ actions: ['s3:AbortMultipartUpload'], resources: this.objects(prefixes) }),
      new PolicyStatement({ actions: ['s3:ListBucketMultipartUploads'], resources: [this.bucket.bucketArn] }),
    ];
  }

  private objects(prefixes: readonly string[]): string[] {
    return prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}*`));
  }
}
