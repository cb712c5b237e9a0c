import { ArnFormat, CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Config } from '../domain/config/config.ts';
import { offsiteLifetimes } from '../domain/config/offsite-lifetimes.ts';
import { acknowledge } from './acknowledge.ts';
import { keptBucket } from './kept-bucket.ts';
import { asS3For, type Offsite, offsitePlace, replicationRoleName } from './offsite-place.ts';
import { writeActions } from './offsite-replication.ts';

export interface OffsiteStackProps extends StackProps {
  readonly offsite: Offsite;
  readonly objectLock?: Config['objectLock'];
  /** Name of the stack that has the vault. */
  readonly sourceStack: string;
  /**
   * Account of that stack, where the off-site bucket is in another one.
   *
   * @default - the parameter `SourceAccount` has to be given at deployment
   */
  readonly sourceAccount?: string;
}

/** The second bucket, in a region (and, where wanted, an account) of its own. Deployed before the stack whose vault is copied to it. */
export class OffsiteStack extends Stack {
  constructor(scope: Construct, id: string, props: OffsiteStackProps) {
    const { offsite, objectLock } = props;
    super(scope, id, {
      description: 'nightproof: the off-site copy of the vault',
      ...props,
      env: { region: offsite.region, ...(offsite.account && { account: offsite.account }) },
    });
    const place = offsitePlace(offsite);
    const key = new Key(this, 'Key', {
      description: 'nightproof: off-site backups',
      alias: place.keyAlias,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN, // without it no off-site backup can be read
    });
    const bucket = new Bucket(this, 'Bucket', { bucketName: offsite.bucketName, ...keptBucket(key, objectLock) });
    for (const { tier, days } of offsiteLifetimes(offsite.keep))
      bucket.addLifecycleRule({ id: `expire-${tier}`, prefix: `${tier}/`, expiration: Duration.days(days) });
    acknowledge(bucket, 'AwsSolutions-S1', 'Only S3 itself writes here; data events of CloudTrail tell more than access logs');
    if (offsite.account) this.admitSource(bucket, key, props);

    new CfnOutput(this, 'OffsiteBucket', { value: bucket.bucketName, description: 'The bucket that the vault is copied to' });
    new CfnOutput(this, 'OffsiteKeyArn', { value: key.keyArn, description: 'The key that reads the copies' });
  }

  /**
   * Admits the role that S3 copies with, and nobody else of the other account. By a condition and not as the principal: a policy
   * that names a role which is not there yet is refused, and this stack comes first.
   */
  private admitSource(bucket: Bucket, key: Key, { offsite, sourceStack, sourceAccount }: OffsiteStackProps): void {
    const account = new CfnParameter(this, 'SourceAccount', {
      description: 'Account of the stack whose vault is copied here',
      allowedPattern: '\\d{12}',
      ...(sourceAccount && sourceAccount !== offsite.account && { default: sourceAccount }),
    }).valueAsString;
    const role = this.formatArn({
      service: 'iam',
      region: '',
      account,
      resource: 'role',
      resourceName: replicationRoleName(sourceStack),
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    const isRole = { ArnEquals: { 'aws:PrincipalArn': role } };
    const principals = [new AccountPrincipal(account)];
    bucket.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: writeActions(offsite),
        resources: [bucket.arnForObjects('*')],
        conditions: isRole,
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: ['kms:Encrypt', 'kms:GenerateDataKey'],
        resources: ['*'], // of a key policy: this key
        conditions: { ...asS3For(offsitePlace(offsite).bucketArn, offsite.region), ...isRole },
      }),
    );
  }
}
