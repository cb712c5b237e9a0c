import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { BackupVault, type BackupVaultProps } from '../../lib/infra/backup-vault.ts';
import { OffsiteStack } from '../../lib/infra/offsite-stack.ts';
import { type Resource, statements } from '../support/synthesized.ts';
import { type StackTemplate, synthesizedStacks } from '../support/synthesized-stacks.ts';

const SOURCE = '111111111111';
const OTHER = '222222222222';

/** A configuration with everything on that concerns buckets. */
const everything = (offsite: string) => `
name: shop
connections: { main: { secret: shop/main } }
keep: { daily: 7d, weekly: 4w, monthly: 12mo, yearly: 5y }
storageClass: { weekly: INTELLIGENT_TIERING, monthly: GLACIER_IR, yearly: GLACIER_IR, archive: STANDARD_IA }
objectLock: { mode: compliance, keep: 30d }
offsite: { region: eu-west-1, bucketName: shop-backups-offsite${offsite} }
sources: [{ id: app, database: app, connection: main }]
`;

const [same, cross] = [
  synthesizedStacks(everything(', keep: { daily: 60d }'), SOURCE),
  synthesizedStacks(everything(`, account: "${OTHER}"`), SOURCE),
];

const stackOf = (stacks: Readonly<Record<string, StackTemplate>>, name: string): StackTemplate => {
  const stack = stacks[name];
  if (!stack) throw new Error(`no stack ${name}`);
  return stack;
};
const only = (stack: StackTemplate, type: string): Resource => {
  const [one, ...more] = Object.values(stack.resources).filter(({ Type }) => Type === type);
  if (!one || more.length > 0) throw new Error(`${one ? 'several' : 'no'} ${type}`);
  return one;
};
const bucketOf = (stack: StackTemplate) => only(stack, 'AWS::S3::Bucket').Properties;
const rulesOf = (stack: StackTemplate) => (bucketOf(stack).LifecycleConfiguration as { Rules: Record<string, unknown>[] }).Rules;

const vaultAlone = (props: Omit<BackupVaultProps, 'key'>): Record<string, unknown> => {
  const stack = new Stack(new App({ builtinCloudFormationValidation: false }));
  new BackupVault(stack, 'Vault', { key: new Key(stack, 'Key'), ...props });
  return Template.fromStack(stack).toJSON();
};

/** A value with its intrinsic functions put together as text: `arn:<AWS::Partition>:s3:::x/*`. */
function flat(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return `<${Ref}>`;
  if (attribute !== undefined) return `<${(attribute as string[]).join('.')}>`;
  return (join as [string, unknown[]])[1].map(flat).join('');
}

const BOTH = [
  ['another region of the same account', same],
  ['another account', cross],
] as const;

describe.each(BOTH)('the off-site bucket in %s', (_, stacks) => {
  const offsite = stackOf(stacks, 'shop-offsite');

  it('stands in a stack of its own, in its region, deployed before the vault', () => {
    expect(Object.keys(stacks).sort()).toEqual(['shop', 'shop-offsite']);
    expect(offsite.artifact.environment).toBe(`aws://${stacks === cross ? OTHER : 'unknown-account'}/eu-west-1`);
    expect(stackOf(stacks, 'shop').artifact.environment).toBe('aws://unknown-account/unknown-region');
    expect(stackOf(stacks, 'shop').dependsOn).toContain('shop-offsite');
  });

  it('is versioned, encrypted with a key of its own, closed to the public, and outlives its stack', () => {
    expect(bucketOf(offsite)).toMatchObject({
      BucketName: 'shop-backups-offsite',
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    expect(only(offsite, 'AWS::KMS::Alias').Properties.AliasName).toBe('alias/shop-backups-offsite');
    for (const type of ['AWS::S3::Bucket', 'AWS::KMS::Key']) expect(only(offsite, type).DeletionPolicy, type).toBe('Retain');
  });

  it('refuses everything but TLS', () => {
    const { Statement } = only(offsite, 'AWS::S3::BucketPolicy').Properties.PolicyDocument as {
      Statement: { Effect: string; Action: string; Condition: unknown }[];
    };
    expect(Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  it('is named by the vault as the two stacks can both write it down, without a reference between them', () => {
    const { Rules } = bucketOf(stackOf(stacks, 'shop')).ReplicationConfiguration as { Rules: Record<string, unknown>[] };
    expect(Rules).toHaveLength(1);
    const destination = Rules[0]?.Destination as { Bucket: unknown; EncryptionConfiguration: { ReplicaKmsKeyID: unknown } };
    expect(flat(destination.Bucket)).toBe('arn:<AWS::Partition>:s3:::shop-backups-offsite');
    expect(flat(destination.EncryptionConfiguration.ReplicaKmsKeyID)).toBe(
      `arn:<AWS::Partition>:kms:eu-west-1:${stacks === cross ? OTHER : '<AWS::AccountId>'}:alias/shop-backups-offsite`,
    );
    expect(JSON.stringify(stacks)).not.toContain('Fn::ImportValue');
  });

  it('gets everything with its encryption, and no removal', () => {
    const { Rules } = bucketOf(stackOf(stacks, 'shop')).ReplicationConfiguration as { Rules: Record<string, unknown>[] };
    expect(Rules[0]).toMatchObject({
      Status: 'Enabled',
      Filter: { Prefix: '' },
      DeleteMarkerReplication: { Status: 'Disabled' },
      SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
      Destination: { Metrics: { Status: 'Enabled' } },
    });
  });
});

describe.each(BOTH)('the role that copies to %s', (_, stacks) => {
  const main = stackOf(stacks, 'shop');
  const roleArn = (bucketOf(main).ReplicationConfiguration as { Role: { 'Fn::GetAtt': [string, string] } }).Role;
  const [roleId] = roleArn['Fn::GetAtt'];
  const [policyId] =
    Object.entries(main.resources).find(
      ([, { Type, Properties }]) => Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.Roles).includes(roleId),
    ) ?? [];
  const rights = statements(main.resources).filter(({ holder }) => holder === policyId);
  const allowed = Object.fromEntries(
    rights.map(({ actions, resources }) => [[...actions].sort().join(), resources.map((arn) => flat(JSON.parse(arn)))]),
  );
  const bucketId = Object.keys(main.resources).find((id) => main.resources[id]?.Type === 'AWS::S3::Bucket');
  const account = stacks === cross ? OTHER : '<AWS::AccountId>';

  it('is S3’s, and may read versions here, write new ones there, and do nothing else', () => {
    expect(main.resources[roleId]?.Properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    expect(main.resources[roleId]?.Properties.ManagedPolicyArns).toBeUndefined();
    const owner = stacks === cross ? 's3:ObjectOwnerOverrideToBucketOwner,' : '';
    expect(allowed).toEqual({
      's3:GetReplicationConfiguration,s3:ListBucket': [`<${bucketId}.Arn>`],
      's3:GetObjectLegalHold,s3:GetObjectRetention,s3:GetObjectVersionAcl,s3:GetObjectVersionForReplication,s3:GetObjectVersionTagging':
        [`<${bucketId}.Arn>/*`],
      'kms:Decrypt': [expect.stringMatching(/^<Key\w+\.Arn>$/)],
      [`${owner}s3:ReplicateObject,s3:ReplicateTags`]: ['arn:<AWS::Partition>:s3:::shop-backups-offsite/*'],
      'kms:Encrypt,kms:GenerateDataKey': [`arn:<AWS::Partition>:kms:eu-west-1:${account}:key/*`],
    });
  });

  it('uses keys only through S3, and only for the two buckets', () => {
    const kms = rights.filter(({ actions }) => actions.some((action) => action.startsWith('kms:')));
    const contexts = kms.map(({ condition }) => {
      const { StringEquals, StringLike } = condition as Record<string, Record<string, unknown>>;
      const arns = StringLike?.['kms:EncryptionContext:aws:s3:arn'] as unknown[];
      return [flat(StringEquals?.['kms:ViaService']), ...arns.map(flat)];
    });
    expect(contexts).toEqual([
      ['s3.<AWS::Region>.amazonaws.com', `<${bucketId}.Arn>`, `<${bucketId}.Arn>/*`],
      [
        's3.eu-west-1.amazonaws.com',
        'arn:<AWS::Partition>:s3:::shop-backups-offsite',
        'arn:<AWS::Partition>:s3:::shop-backups-offsite/*',
      ],
    ]);
  });
});

describe('another account', () => {
  const offsite = stackOf(cross, 'shop-offsite');
  const admitted = statements(offsite.resources).filter(({ effect, condition }) => effect === 'Allow' && condition);

  it('admits that one role, to write and encrypt, and nobody else from outside', () => {
    expect(admitted.map(({ actions }) => actions)).toEqual([
      ['kms:Encrypt', 'kms:GenerateDataKey'],
      ['s3:ObjectOwnerOverrideToBucketOwner', 's3:ReplicateObject', 's3:ReplicateTags'],
    ]);
    for (const { condition } of admitted) {
      const { ArnEquals } = condition as { ArnEquals: Record<string, unknown> };
      expect(flat(ArnEquals['aws:PrincipalArn'])).toBe('arn:aws:iam::<SourceAccount>:role/shop-replication');
    }
    const role = Object.values(stackOf(cross, 'shop').resources).find(({ Properties }) => Properties?.RoleName !== undefined);
    expect(role?.Properties.RoleName).toBe('shop-replication');
  });

  it('owns the copies', () => {
    const { Rules } = bucketOf(stackOf(cross, 'shop')).ReplicationConfiguration as { Rules: Record<string, unknown>[] };
    expect(Rules[0]?.Destination).toMatchObject({ Account: OTHER, AccessControlTranslation: { Owner: 'Destination' } });
  });

  it('is told the source account by the credentials of the deployment, or asks for it', () => {
    const offsiteProps = { region: 'eu-west-1', bucketName: 'shop-backups-offsite', account: OTHER };
    const parameterOf = (sourceAccount?: string) => {
      const stack = new OffsiteStack(new App({ builtinCloudFormationValidation: false }), 'Offsite', {
        offsite: offsiteProps,
        sourceStack: 'shop',
        ...(sourceAccount && { sourceAccount }),
      });
      return Template.fromStack(stack).toJSON().Parameters.SourceAccount;
    };
    expect(parameterOf(SOURCE)?.Default).toBe(SOURCE);
    expect(parameterOf()).not.toHaveProperty('Default');
    // deployed with the other account's own credentials: they say nothing of where the vault is
    expect(parameterOf(OTHER)).not.toHaveProperty('Default');
  });

  it('is not involved where the account is the same: the role’s own policy is enough', () => {
    const own = stackOf(same, 'shop-offsite');
    expect(own.parameters).not.toHaveProperty('SourceAccount');
    expect(statements(own.resources).filter(({ effect, condition }) => effect === 'Allow' && condition)).toEqual([]);
    expect(JSON.stringify(stackOf(same, 'shop').resources)).not.toContain('RoleName');
  });
});

describe('lifecycle rules', () => {
  const expiring = (rules: readonly Record<string, unknown>[]) =>
    rules.filter((rule) => 'ExpirationInDays' in rule || 'ExpirationDate' in rule);

  it('neither expire nor move a current object of the vault, whatever storage classes its tiers have', () => {
    for (const stacks of [same, cross]) {
      const rules = rulesOf(stackOf(stacks, 'shop'));
      expect(rules.length).toBeGreaterThan(0);
      expect(expiring(rules)).toEqual([]);
      for (const rule of rules) expect(Object.keys(rule).join()).not.toContain('Transition');
    }
  });

  it('expire off-site only what the configuration gives an age, and move nothing', () => {
    expect(expiring(rulesOf(stackOf(cross, 'shop-offsite')))).toEqual([]);
    expect(expiring(rulesOf(stackOf(same, 'shop-offsite')))).toEqual([
      { Id: 'expire-daily', Prefix: 'daily/', ExpirationInDays: 60, Status: 'Enabled' },
    ]);
    for (const rule of rulesOf(stackOf(same, 'shop-offsite'))) expect(Object.keys(rule).join()).not.toContain('Transition');
  });

  it.each<[string, BackupVaultProps['objectLock'], number]>([
    ['no lock', undefined, 14],
    ['a lock shorter than they keep what was removed', { mode: 'governance', keep: '3d' }, 14],
    ['a longer lock', { mode: 'compliance', keep: '365d' }, 365],
  ])('keep removed versions at least as long as their lock: %s', (_, objectLock, days) => {
    expect(JSON.stringify(vaultAlone({ objectLock }))).toContain(`"NoncurrentVersionExpiration":{"NoncurrentDays":${days}}`);
  });
});

describe('an object lock', () => {
  it('locks every object, in both buckets: S3 copies locked objects only into a bucket with locks', () => {
    for (const stacks of [same, cross])
      for (const name of ['shop', 'shop-offsite'])
        expect(bucketOf(stackOf(stacks, name)), name).toMatchObject({
          ObjectLockEnabled: true,
          ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 30 } } },
        });
  });

  it('can be bypassed, changed or lifted by nobody in the stacks', () => {
    const actions = [same, cross].flatMap((stacks) =>
      Object.values(stacks).flatMap(({ resources }) => statements(resources).flatMap((statement) => statement.actions)),
    );
    for (const action of [
      's3:BypassGovernanceRetention',
      's3:PutObjectRetention',
      's3:PutObjectLegalHold',
      's3:PutBucketObjectLockConfiguration',
      's3:DeleteObjectVersion',
      's3:ReplicateDelete',
      's3:PutReplicationConfiguration',
      's3:PutBucketVersioning',
    ])
      expect(actions).not.toContain(action);
  });

  it('and an off-site bucket are absent where nobody asks for them', () => {
    const template = JSON.stringify(vaultAlone({}));
    expect(template).not.toContain('ObjectLock');
    expect(template).not.toContain('Replicat');
  });
});

it('alarms when S3 gives up copying, by the metric that it publishes in the region of the vault', () => {
  for (const stacks of [same, cross]) {
    const alarm = Object.values(stackOf(stacks, 'shop').resources).find(
      ({ Properties }) => Properties?.MetricName === 'OperationsFailedReplication',
    );
    const rule = (bucketOf(stackOf(stacks, 'shop')).ReplicationConfiguration as { Rules: { Id: string }[] }).Rules[0];
    const dimensions = alarm?.Properties.Dimensions as { Name: string; Value: unknown }[];
    expect(Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, flat(Value)]))).toEqual({
      SourceBucket: expect.stringMatching(/^<VaultBucket\w+>$/),
      DestinationBucket: 'shop-backups-offsite',
      RuleId: rule?.Id,
    });
    expect(alarm?.Properties).toMatchObject({ Namespace: 'AWS/S3', TreatMissingData: 'notBreaching' });
    expect(alarm?.Properties.AlarmActions).toHaveLength(1);
    const [, article] = /docs\/runbook\.md, "([^"]+)"/.exec(String(alarm?.Properties.AlarmDescription)) ?? [];
    expect(readFileSync('docs/runbook.md', 'utf8')).toContain(`## ${article}\n`);
  }
});
