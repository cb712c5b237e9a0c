import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** Longer than the longest run (12 h), so that no living upload is cut off. */
const ABORT_UPLOADS_AFTER = Duration.days(2);

/** How long something that retention removed can still be brought back: the old versions behind the delete markers. */
const KEEP_REMOVED_FOR = Duration.days(14);

export interface BackupVaultProps {
  readonly key: IKey;
}

/** The bucket that backups land in. It outlives the stack that created it. */
export class BackupVault extends Construct {
  readonly bucket: Bucket;
  readonly #key: IKey;

  constructor(scope: Construct, id: string, { key }: BackupVaultProps) {
    super(scope, id);
    this.#key = key;
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
      // no rule ever expires a current object: deleting backups is retention's, which explains itself
      lifecycleRules: [
        { id: 'abort-unfinished-uploads', abortIncompleteMultipartUploadAfter: ABORT_UPLOADS_AFTER },
        { id: 'forget-removed', noncurrentVersionExpiration: KEEP_REMOVED_FOR, expiredObjectDeleteMarker: true },
      ],
    });
    acknowledge(
      this.bucket,
      'AwsSolutions-S1',
      'Access logs would need a second bucket; data events of CloudTrail tell more and are the account owner’s to switch on',
    );
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

  /** Hides objects under the prefixes behind delete markers. Nobody in this stack may delete a version. */
  hide(...prefixes: readonly string[]): PolicyStatement[] {
    return [new PolicyStatement({ actions: ['s3:DeleteObject'], resources: this.objects(prefixes) })];
  }

  private objects(prefixes: readonly string[]): string[] {
    return prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}*`));
  }
}
