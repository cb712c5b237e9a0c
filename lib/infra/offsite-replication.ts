import { Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcards } from './acknowledge.ts';
import { asS3For, type Offsite, offsitePlace, replicationRoleName } from './offsite-place.ts';

/** Names the metrics of the replication. */
export const OFFSITE_RULE = 'offsite';

export interface OffsiteReplicationProps {
  readonly bucket: Bucket;
  readonly key: IKey;
  readonly offsite: Offsite;
  /** Whether objects carry a lock, which is then copied with them. */
  readonly locked: boolean;
}

/** Has S3 copy every object of the vault to the off-site bucket. Removals are not copied: what is hidden here stays there. */
export class OffsiteReplication extends Construct {
  constructor(scope: Construct, id: string, props: OffsiteReplicationProps) {
    super(scope, id);
    const { bucket, offsite } = props;
    const role = new Role(this, 'Role', {
      description: 'S3 copies the vault off-site with it',
      assumedBy: new ServicePrincipal('s3.amazonaws.com'),
      ...(offsite.account && { roleName: replicationRoleName(Stack.of(this).stackName) }),
    });
    const rights = new Policy(this, 'Rights', {
      roles: [role],
      statements: [...this.readHere(props), ...this.writeThere(offsite)],
    });
    acknowledgeWildcards(rights, [
      { pattern: /^Resource::<Vault\w+\.Arn>\/\*$/, reason: 'Everything in the vault is copied' },
      { pattern: /^Resource::arn:.*:s3:::[a-z0-9-]+\/\*$/, reason: 'Everything in the vault is copied, under its own name' },
      {
        pattern: /^Resource::arn:.*:kms:.*:key\/\*$/,
        reason: 'The id of the off-site key is known only there; conditions hold it to S3 writing into the off-site bucket',
      },
    ]);
    (bucket.node.defaultChild as CfnBucket).replicationConfiguration = configuration(role, offsite);
  }

  private readHere({ bucket, key, locked }: OffsiteReplicationProps): PolicyStatement[] {
    const lock = locked ? ['s3:GetObjectRetention', 's3:GetObjectLegalHold'] : [];
    return [
      new PolicyStatement({ actions: ['s3:GetReplicationConfiguration', 's3:ListBucket'], resources: [bucket.bucketArn] }),
      new PolicyStatement({
        actions: ['s3:GetObjectVersionForReplication', 's3:GetObjectVersionAcl', 's3:GetObjectVersionTagging', ...lock],
        resources: [bucket.arnForObjects('*')],
      }),
      new PolicyStatement({
        actions: ['kms:Decrypt'],
        resources: [key.keyArn],
        conditions: asS3For(bucket.bucketArn, Stack.of(this).region),
      }),
    ];
  }

  /** New objects and their tags; nothing that deletes, and nothing that hides. */
  private writeThere(offsite: Offsite): PolicyStatement[] {
    const { bucketArn, keysArn } = offsitePlace(offsite);
    return [
      new PolicyStatement({ actions: writeActions(offsite), resources: [`${bucketArn}/*`] }),
      new PolicyStatement({
        // with a bucket key S3 asks for a data key, without one it encrypts
        actions: ['kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [keysArn],
        conditions: asS3For(bucketArn, offsite.region),
      }),
    ];
  }
}

/** What the role does in the off-site bucket, by its own policy and, in another account, by that bucket's. */
export const writeActions = ({ account }: Offsite): string[] => [
  's3:ReplicateObject',
  's3:ReplicateTags',
  ...(account ? ['s3:ObjectOwnerOverrideToBucketOwner'] : []),
];

function configuration(role: Role, offsite: Offsite): CfnBucket.ReplicationConfigurationProperty {
  const { bucketArn, keyAliasArn } = offsitePlace(offsite);
  const { account } = offsite;
  return {
    role: role.roleArn,
    rules: [
      {
        id: OFFSITE_RULE,
        priority: 1,
        status: 'Enabled',
        filter: { prefix: '' },
        deleteMarkerReplication: { status: 'Disabled' },
        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
        destination: {
          bucket: bucketArn,
          encryptionConfiguration: { replicaKmsKeyId: keyAliasArn },
          metrics: { status: 'Enabled' },
          ...(account && { account, accessControlTranslation: { owner: 'Destination' } }),
        },
      },
    ],
  };
}
