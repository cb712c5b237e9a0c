import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAssembly } from '../../../lib/local/cloud/assembly.ts';
import { awsClient, settingsClient } from '../../../lib/local/cloud/endpoints.ts';
import type { Execution } from '../../../lib/local/cloud/execution.ts';
import type { Json, JsonObject } from '../../../lib/local/cloud/json.ts';
import { LocalCloud } from '../../../lib/local/cloud/local-cloud.ts';
import type { StoppedTask } from '../../../lib/local/cloud/task-process.ts';
import { toolchain } from '../../support/toolchain.ts';
import { type Names, synthesizeFixture } from './fixture/stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
const assembly = join(folder, 'cdk.out');
const dir = join(folder, 'local');

const taskState = ({ task }: Names, environment: Record<string, string>, more: object = {}) => ({
  StartAt: 'Work',
  States: {
    Work: { Type: 'Task', Resource: 'arn:aws:states:::ecs:runTask.sync', Parameters: task(environment), End: true, ...more },
  },
});

const jobs = ({ functionArn, bucket, task }: Names) => ({
  StartAt: 'Jobs',
  States: {
    Jobs: {
      Type: 'Map',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Parameters: { Bucket: bucket, 'Key.$': '$.key' },
      },
      ItemSelector: { 'id.$': '$$.Map.Item.Value.id', 'work.$': '$$.Map.Item.Value.work' },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Work',
        States: {
          Work: {
            Type: 'Task',
            Resource: 'arn:aws:states:::ecs:runTask.sync',
            Parameters: task({ WORK: '$.work', SOURCE: '$.id' }),
            ResultPath: null,
            Next: 'Tell',
          },
          Tell: { Type: 'Task', Resource: functionArn, End: true },
        },
      },
      ToleratedFailurePercentage: 100,
      End: true,
    },
  },
});

let cloud: LocalCloud;
let s3: S3Client;

beforeAll(async () => {
  synthesizeFixture(assembly, {
    Tasks: (names) => taskState(names, { WORK: '$.work', MARK: '$.mark' }),
    Late: (names) => taskState(names, { WORK: 'hang', MARK: '$.mark' }, { TimeoutSeconds: 1 }),
    Jobs: jobs,
  });
  cloud = await start(dir);
  s3 = cloud.s3Client();
});

afterAll(async () => {
  s3?.destroy();
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(where: string): Promise<LocalCloud> {
  return LocalCloud.start({
    assembly,
    dir: where,
    toolchain: await toolchain(),
    secrets: { 'fixture/main': { password: 'p' } },
    waitScale: 0,
  });
}

const machine = (name: string) => ({ stateMachineArn: cloud.deployment.outputs[`${name}Arn`] ?? '' });
const runTask = (work: string, mark = ''): Promise<Execution> => cloud.execute({ work, mark }, machine('Tasks'));
const causeOf = ({ cause = '{}' }: Execution): JsonObject => JSON.parse(cause) as JsonObject;

it('accounts for every resource of the template: created, created by a call, or reported', () => {
  const { created, createdDirectly, notCreated } = cloud.deployment.report;
  const accounted = [...created, ...createdDirectly, ...notCreated].map(({ logicalId }) => logicalId);
  expect(accounted.sort()).toEqual(Object.keys(readAssembly(assembly).template.Resources).sort());
  expect(createdDirectly.map(({ type }) => type).sort()).toEqual([
    'AWS::CloudWatch::Alarm',
    'AWS::Lambda::Permission',
    'AWS::S3::BucketPolicy',
    'AWS::SNS::Subscription',
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::QueuePolicy',
    'AWS::Scheduler::Schedule',
  ]);
  expect(notCreated).toEqual([
    {
      logicalId: 'Exotic',
      type: 'AWS::Chatbot::SlackChannelConfiguration',
      why: expect.stringContaining('does not know this type'),
    },
  ]);
});

it('reports the properties that moto drops', () => {
  const { ignored } = cloud.deployment.report;
  expect(ignored.find(({ logicalId }) => logicalId.startsWith('ImageFunction'))?.properties).toContain('ImageConfig');
  expect(ignored.find(({ type }) => type === 'AWS::ECS::TaskDefinition')?.properties).toContain('TaskRoleArn');
});

it('creates what CloudFormation passes over with its references resolved', async () => {
  const settings = new S3Client(settingsClient(cloud.endpoints));
  const { Policy = '' } = await settings.send(new GetBucketPolicyCommand({ Bucket: cloud.vaultBucket }));
  expect(JSON.parse(Policy).Statement[0].Resource).toEqual([
    `arn:aws:s3:::${cloud.vaultBucket}`,
    `arn:aws:s3:::${cloud.vaultBucket}/*`,
  ]);
  settings.destroy();

  const sns = new SNSClient(awsClient(cloud.endpoints));
  const TopicArn = cloud.deployment.outputs.TopicArn;
  const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
  expect(JSON.parse(Attributes?.Policy ?? '').Statement[0].Resource).toBe(TopicArn);
  const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
  expect(Subscriptions).toContainEqual(expect.objectContaining({ Protocol: 'email', Endpoint: 'ops@example.com' }));
  sns.destroy();
});

it('makes the bucket in the vault under the name that the deployment gave it, versioned as the template says', async () => {
  expect(await s3.send(new GetBucketVersioningCommand({ Bucket: cloud.vaultBucket }))).toMatchObject({ Status: 'Enabled' });
  await s3.send(new PutObjectCommand({ Bucket: cloud.vaultBucket, Key: 'a/b.txt', Body: 'first' }));
  await s3.send(new PutObjectCommand({ Bucket: cloud.vaultBucket, Key: 'a/b.txt', Body: 'second' }));
  const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket: cloud.vaultBucket, Prefix: 'a/' }));
  expect(Versions).toHaveLength(2);
  expect(readFileSync(join(dir, 'vault', cloud.vaultBucket, 'a/b.txt'), 'utf8')).toBe('second');
});

it('gives functions exactly the variables of the template, and what AWS adds', async () => {
  const environment = (await invoke('Function', { do: 'environment' })) as Record<string, string>;
  const { GREETING, BUCKET, ...rest } = environment;
  expect({ GREETING, BUCKET }).toEqual({ GREETING: 'hello world', BUCKET: cloud.vaultBucket });
  expect(
    Object.keys(rest)
      .filter((name) => !/^(AWS_|LAMBDA_|_HANDLER$)/.test(name))
      .sort(),
  ).toEqual(['LANG', 'PATH', 'TMPDIR', 'TZ']);
  expect(rest).toMatchObject({
    AWS_ENDPOINT_URL: cloud.endpoints.aws,
    AWS_ENDPOINT_URL_S3: cloud.endpoints.s3,
    AWS_REGION: 'us-east-1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '192',
  });
});

it('starts image functions as their Dockerfile and the template say', async () => {
  expect(await invoke('ImageFunction', { a: 1 })).toEqual({ event: { a: 1 }, argument: 'by the template', mode: 'production' });
});

it('enforces the time limit of the template', async () => {
  await expect(invoke('Function', { do: 'hang' })).rejects.toMatchObject({ name: 'Sandbox.Timedout' });
});

it('keeps what functions say out of the terminal, in a file each', async () => {
  await invoke('Function', { do: 'log' });
  const [file = ''] = readdirSync(join(dir, 'logs/functions')).filter((name) => name.startsWith('Function'));
  expect(readFileSync(join(dir, 'logs/functions', file), 'utf8')).toContain('complained by the function');
});

it('runs a task with the environment of its definition and the overrides of the state', async () => {
  const stopped = nextStopped();
  const execution = await runTask('exit 0');
  expect(execution).toMatchObject({
    status: 'SUCCEEDED',
    output: { LastStatus: 'STOPPED', Containers: [{ Name: 'main', ExitCode: 0 }] },
  });
  const environment = JSON.parse(readFileSync((await stopped).logFile, 'utf8'));
  expect(environment).toMatchObject({ COLOUR: 'blue', WORK: 'exit 0', AWS_ENDPOINT_URL_S3: cloud.endpoints.s3 });
  expect(
    Object.keys(environment)
      .filter((name) => !name.startsWith('AWS_'))
      .sort(),
  ).toEqual(['COLOUR', 'MARK', 'PATH', 'TMPDIR', 'WORK']);
});

it.each([
  ['exit 1', 1],
  ['kill', 137],
])('fails a task that ends by "%s" with the description of the stopped task', async (work, exitCode) => {
  const execution = await runTask(work);
  expect(execution).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
  expect(causeOf(execution)).toMatchObject({ StopCode: 'EssentialContainerExited', Containers: [{ ExitCode: exitCode }] });
});

it('tells of running tasks, so that they can be killed', async () => {
  cloud.tasks.once('started', ({ pid }) => process.kill(pid, 'SIGKILL'));
  expect(causeOf(await runTask('hang'))).toMatchObject({ Containers: [{ ExitCode: 137 }] });
});

it('asks a task to stop when its execution is aborted, and waits for it', async () => {
  const mark = join(folder, 'aborted');
  const execution = cloud.startExecution({ work: 'hang', mark }, machine('Tasks'));
  await listening();
  expect(await execution.stop()).toMatchObject({ status: 'ABORTED' });
  expect(existsSync(mark)).toBe(true);
});

it('kills a task that does not stop within the stop timeout of its container', async () => {
  const stopped = nextStopped();
  const execution = cloud.startExecution({ work: 'ignore', mark: join(folder, 'ignored') }, machine('Tasks'));
  await listening();
  await execution.stop();
  expect((await stopped).exitCode).toBe(137);
});

it('ends a task after the time limit of its state', async () => {
  const mark = join(folder, 'late');
  const stopped = nextStopped();
  expect(await cloud.execute({ mark }, machine('Late'))).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  await stopped;
  expect(existsSync(mark)).toBe(true);
});

it('reads the jobs of a Map from the vault, and goes on when one of them fails', async () => {
  const list = [
    { id: 'one', work: 'exit 0' },
    { id: 'two', work: 'exit 2' },
    { id: 'three', work: 'exit 0' },
  ];
  await s3.send(new PutObjectCommand({ Bucket: cloud.vaultBucket, Key: 'jobs.json', Body: JSON.stringify(list) }));
  const execution = await cloud.execute({ key: 'jobs.json' }, machine('Jobs'));
  expect(execution).toMatchObject({ status: 'SUCCEEDED', output: [list[0], list[2]] });
  const failed = execution.events.filter((event) => event.type === 'ItemFailed');
  expect(failed).toMatchObject([{ error: 'States.TaskFailed', item: { index: 1, id: 'two' } }]);
  const started = execution.events.filter((event) => event.type === 'TaskStarted');
  const sources = started.map((event) => `${event.item?.id}=${event.task.environment.SOURCE}`);
  expect(sources.sort()).toEqual(['one=one', 'three=three', 'two=two']);
});

it('hands over the messages and metrics that were published', async () => {
  const sns = new SNSClient(awsClient(cloud.endpoints));
  await sns.send(
    new PublishCommand({ TopicArn: cloud.deployment.outputs.TopicArn, Subject: 'Good night', Message: 'all verified' }),
  );
  sns.destroy();
  const expected = { topicArn: cloud.deployment.outputs.TopicArn, subject: 'Good night', message: 'all verified' };
  expect(await cloud.messages()).toEqual([expected]);
  expect(await cloud.messages()).toEqual([expected]);

  const cloudWatch = new CloudWatchClient(awsClient(cloud.endpoints));
  const datum = { MetricName: 'Verified', Dimensions: [{ Name: 'Source', Value: 'one' }], Unit: 'Count' as const };
  for (const Value of [1, 2])
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'Fixture', MetricData: [{ ...datum, Value }] }));
  cloudWatch.destroy();
  expect(await cloud.metrics()).toEqual([
    { namespace: 'Fixture', name: 'Verified', dimensions: { Source: 'one' }, unit: 'Count', samples: 2, sum: 3, maximum: 2 },
  ]);
});

it('holds the secrets that it was given', async () => {
  const client = new SecretsManagerClient(awsClient(cloud.endpoints));
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: 'fixture/main' }));
  client.destroy();
  expect(JSON.parse(SecretString)).toEqual({ password: 'p' });
});

it('takes the name of an execution once', async () => {
  const first = cloud.startExecution({ work: 'exit 0', mark: '' }, { ...machine('Tasks'), name: 'once' });
  expect(() => cloud.startExecution({}, { ...machine('Tasks'), name: 'once' })).toThrow('ExecutionAlreadyExists: once');
  await first.ended;
});

it('runs beside another cloud, and a later one over the same folder finds the vault again', async () => {
  const other = await start(join(folder, 'other'));
  expect(other.vaultBucket).not.toBe(cloud.vaultBucket);
  const { vaultBucket, deployment } = other;
  await other.stop();

  const later = await start(join(folder, 'other'));
  expect(later.vaultBucket).toBe(vaultBucket);
  expect(later.deployment.outputs.ScratchBucket).not.toBe(deployment.outputs.ScratchBucket);
  await later.stop();
});

function invoke(logicalPrefix: string, event: JsonObject): Promise<Json> {
  const found = cloud.deployment.report.created.find(
    ({ type, logicalId }) => type === 'AWS::Lambda::Function' && logicalId.startsWith(logicalPrefix),
  );
  return cloud.invoke(found?.logicalId ?? '', event);
}

const nextStopped = (): Promise<StoppedTask> => new Promise((resolve) => cloud.tasks.once('stopped', resolve));

/** When the task has written its first line, it listens to signals. */
async function listening(): Promise<void> {
  const { logFile } = await new Promise<{ logFile: string }>((resolve) => cloud.tasks.once('started', resolve));
  await expect.poll(() => readFileSync(logFile, 'utf8'), { timeout: 10_000 }).toContain('WORK');
}
