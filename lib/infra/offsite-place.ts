import { Aws } from 'aws-cdk-lib';
import type { Config } from '../domain/config/config.ts';

export type Offsite = NonNullable<Config['offsite']>;

/** What the two stacks know of each other's resources: all of it can be written down, so that neither needs the other's outputs. */
export interface OffsitePlace {
  readonly bucketArn: string;
  /** Name of the alias of the key there. */
  readonly keyAlias: string;
  readonly keyAliasArn: string;
  /** Every key of that region and account: which of them the alias stands for is not known here. */
  readonly keysArn: string;
}

export function offsitePlace({ region, bucketName, account = Aws.ACCOUNT_ID }: Offsite): OffsitePlace {
  const keyAlias = `alias/${bucketName}`;
  const kms = `arn:${Aws.PARTITION}:kms:${region}:${account}`;
  return {
    bucketArn: `arn:${Aws.PARTITION}:s3:::${bucketName}`,
    keyAlias,
    keyAliasArn: `${kms}:${keyAlias}`,
    keysArn: `${kms}:key/*`,
  };
}

/** Another account can admit the role only by its name. */
export const replicationRoleName = (sourceStack: string): string => `${sourceStack}-replication`;

/** S3 as the caller of KMS, and for one bucket only. With a bucket key the context names the bucket, without one the object. */
export const asS3For = (bucketArn: string, region: string) => ({
  StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` },
  StringLike: { 'kms:EncryptionContext:aws:s3:arn': [bucketArn, `${bucketArn}/*`] },
});
