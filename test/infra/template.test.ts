import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Resource, statements, synthesized } from '../support/synthesized.ts';

/** A key’s own policy grants the account `kms:*` on itself: without it nobody could manage the key. */
const KEY_OWNER = /^Key/;

const { resources } = synthesized();
const ofType = (type: string): [string, Resource][] => Object.entries(resources).filter(([, { Type }]) => Type === type);

describe('the template, over all its resources', () => {
  it('encrypts every store', () => {
    for (const [id, { Properties }] of ofType('AWS::S3::Bucket')) expect(Properties.BucketEncryption, id).toBeDefined();
    for (const [id, { Properties }] of ofType('AWS::SNS::Topic')) expect(Properties.KmsMasterKeyId, id).toBeDefined();
    for (const [id, { Properties }] of ofType('AWS::SQS::Queue')) expect(Properties.SqsManagedSseEnabled, id).toBe(true);
    expect(ofType('AWS::S3::Bucket')).toHaveLength(1);
  });

  it('refuses everything but TLS on bucket, topic and queue', () => {
    const guarded = Object.values(resources).filter(({ Type }) =>
      ['AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'].includes(Type),
    );
    expect(guarded).toHaveLength(3);
    for (const { Type, Properties } of guarded) {
      const { Statement } = Properties.PolicyDocument as { Statement: { Effect: string; Condition?: object }[] };
      expect(
        Statement.some(
          ({ Effect, Condition }) => Effect === 'Deny' && JSON.stringify(Condition).includes('"aws:SecureTransport":"false"'),
        ),
        Type,
      ).toBe(true);
    }
  });

  it('gives every log group an end', () => {
    expect(ofType('AWS::Logs::LogGroup').length).toBeGreaterThan(5);
    for (const [id, { Properties }] of ofType('AWS::Logs::LogGroup')) expect(Properties.RetentionInDays, id).toBe(90);
  });

  it('gives every function and the task a log group of their own', () => {
    for (const [id, { Properties }] of ofType('AWS::Lambda::Function'))
      expect(Properties.LoggingConfig, id).toHaveProperty('LogGroup');
    expect(JSON.stringify(ofType('AWS::ECS::TaskDefinition'))).toContain('awslogs-group');
  });

  it('allows no action by a wildcard', () => {
    for (const { holder, effect, actions } of statements(resources)) {
      if (effect !== 'Allow' || KEY_OWNER.test(holder)) continue;
      for (const action of actions) expect(action, holder).not.toContain('*');
    }
  });

  it('allows nobody to delete a version or to change the rules of the vault', () => {
    const allowed = statements(resources).filter(({ effect }) => effect === 'Allow');
    for (const action of [
      's3:DeleteObjectVersion',
      's3:PutBucketPolicy',
      's3:PutLifecycleConfiguration',
      's3:PutBucketVersioning',
      's3:PutObjectRetention',
    ])
      expect(allowed.flatMap(({ actions }) => actions)).not.toContain(action);
  });

  it('lets only retention and the sweep delete, and them write nothing where backups lie', () => {
    const deleters = statements(resources).filter(({ actions }) => actions.includes('s3:DeleteObject'));
    expect(deleters).toHaveLength(2);
    for (const { holder } of deleters) {
      expect(holder).toMatch(/Retain|Sweep/);
      const writes = statements(resources).filter((one) => one.holder === holder && one.actions.includes('s3:PutObject'));
      expect(writes.flatMap(({ resources: r }) => r).every((resource) => resource.includes('/runs/*'))).toBe(true);
    }
    const retention = deleters.find(({ holder }) => holder.includes('Retain'));
    expect(retention?.resources.join()).not.toContain('archive');
  });

  it('uses "*" as a resource only for actions that know no other', () => {
    const KNOW_NO_RESOURCE =
      /^(cloudwatch:PutMetricData|ecr:GetAuthorizationToken|xray:\w+|logs:(\w+LogDelivery|\w+LogDeliveries|PutResourcePolicy|DescribeResourcePolicies|DescribeLogGroups)|ecs:(StopTask|DescribeTasks))$/;
    for (const { holder, effect, actions, resources: targets } of statements(resources)) {
      if (effect !== 'Allow' || !targets.includes('"*"') || KEY_OWNER.test(holder)) continue;
      for (const action of actions) expect(action, holder).toMatch(KNOW_NO_RESOURCE);
    }
  });

  it('holds no secret in clear: no variable looks like one, and secrets are named, not read, at deployment', () => {
    const text = JSON.stringify(resources);
    expect(text).not.toMatch(/password"?\s*:/i);
    expect(text).not.toContain('{{resolve:secretsmanager');
    const names = JSON.stringify(ofType('AWS::ECS::TaskDefinition')).match(/"Name":"[A-Z_]+"/g);
    expect(new Set(names)).toEqual(
      new Set(['"Name":"VAULT_BUCKET"', '"Name":"POWERTOOLS_SERVICE_NAME"', '"Name":"VOLUME_FOLDER"', '"Name":"STORAGE_BYTES"']),
    );
  });

  it('keeps the vault and its key when the stack goes', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::KMS::Key'])
      for (const [id, { DeletionPolicy }] of ofType(type)) expect(DeletionPolicy, id).toBe('Retain');
  });

  it('has no lifecycle rule that expires a current object', () => {
    const [[, vault]] = ofType('AWS::S3::Bucket') as [[string, Resource]];
    const { Rules } = vault.Properties.LifecycleConfiguration as { Rules: Record<string, unknown>[] };
    expect(Rules.length).toBeGreaterThan(0);
    for (const rule of Rules) {
      expect(rule).not.toHaveProperty('ExpirationInDays');
      expect(rule).not.toHaveProperty('ExpirationDate');
    }
    expect(Rules.some((rule) => 'AbortIncompleteMultipartUpload' in rule)).toBe(true);
  });

  it('starts the night in the configured zone, retries the start, and keeps what it could not start', () => {
    const [[, schedule]] = ofType('AWS::Scheduler::Schedule') as [[string, Resource]];
    expect(schedule.Properties).toMatchObject({
      ScheduleExpression: 'cron(0 2 * * ? *)',
      ScheduleExpressionTimezone: 'UTC',
      State: 'ENABLED',
      Target: {
        Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>","plan":"nightly"}',
        RetryPolicy: { MaximumRetryAttempts: 20 },
      },
    });
    expect(schedule.Properties.Target).toHaveProperty('DeadLetterConfig');
  });

  it('alerts on executions that end badly, whatever the graph did', () => {
    const [[, rule]] = ofType('AWS::Events::Rule') as [[string, Resource]];
    expect(rule.Properties.EventPattern).toMatchObject({ detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] } });
  });

  it('runs the task on ARM64 with an init process, a read-only root and the longest stop time', () => {
    const [[, task]] = ofType('AWS::ECS::TaskDefinition') as [[string, Resource]];
    expect(task.Properties).toMatchObject({
      RuntimePlatform: { CpuArchitecture: 'ARM64' },
      ContainerDefinitions: [
        { ReadonlyRootFilesystem: true, StopTimeout: 120, User: 'node', LinuxParameters: { InitProcessEnabled: true } },
      ],
    });
  });

  it('declares in the image what the task mounts, so that its user may write there', () => {
    const [[, task]] = ofType('AWS::ECS::TaskDefinition') as [[string, Resource]];
    const [container] = task.Properties.ContainerDefinitions as { MountPoints: { ContainerPath: string; ReadOnly: boolean }[] }[];
    const [, stage = ''] = readFileSync('tasks/Dockerfile', 'utf8').split('AS task\n');
    expect(container?.MountPoints).toHaveLength(1);
    for (const { ContainerPath } of container?.MountPoints ?? [])
      expect(stage.split('FROM')[0]).toContain(`VOLUME ["${ContainerPath}"]`);
  });

  it('starts only programs that the image has: each is bundled, and copied into the target of its task', () => {
    const dockerfile = readFileSync('tasks/Dockerfile', 'utf8');
    const copied = (target: string) => new RegExp(` AS ${target}\\n[^]*?COPY ([^\\n]+) \\./`).exec(dockerfile)?.[1]?.split(' ');
    const bundled = [...readFileSync('lib/infra/task-image.ts', 'utf8').matchAll(/(\w+): '(?:tasks|functions)\//g)].map(
      ([, name]) => `${name}.mjs`,
    );
    expect(new Set(['task', 'drill', 'verify'].flatMap((target) => copied(target) ?? []))).toEqual(new Set(bundled));
    const started = new Set([...JSON.stringify(resources).matchAll(/([a-z]+\.mjs)/g)].map(([, program]) => program));
    expect([...started].filter((program) => !bundled.includes(program ?? ''))).toEqual([]);
    expect(started).toContain('restore.mjs');
  });

  it('brings no network where it joins one', () => {
    expect(ofType('AWS::EC2::VPC')).toHaveLength(0);
    expect(JSON.stringify(resources)).toContain('subnet-0a1b2c3d4e5f67890');
  });
});
