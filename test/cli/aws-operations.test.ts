import { CloudFormationClient, DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateScheduleCommand, UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateTopicCommand, ListSubscriptionsByTopicCommand, type SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DoctorOutput } from '../../lib/cli/doctor/doctor-output.ts';
import { awsOperations } from '../../lib/cli/place/aws-operations.ts';
import { type DeployedStack, operationClients } from '../../lib/cli/place/deployed-stack.ts';
import type { Check } from '../../lib/cli/place/operations.ts';
import { type MotoServer, startMoto } from '../../lib/local/servers/moto-server.ts';
import { backendOver, cli, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { begun, planOf, sourceOf } from '../support/night.ts';
import { toolchain } from '../support/toolchain.ts';

const settings = { region: 'eu-west-3', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 2 };

let moto: MotoServer;
let deployed: DeployedStack;
let queueUrl: string;
let topicArn: string;

/** Everything is moto's, but the list of what belongs to the stack: its CloudFormation passes schedules over. */
beforeAll(async () => {
  moto = await startMoto((await toolchain()).moto);
  const options = { ...settings, endpoint: moto.endpoint, forcePathStyle: true };
  const cloudFormation = new CloudFormationClient(options);
  const stepFunctions = new SFNClient(options);
  const s3 = new S3Client(options);
  const more = operationClients(options);

  const { stateMachineArn = '' } = await stepFunctions.send(
    new CreateStateMachineCommand({
      name: 'Night',
      roleArn: 'arn:aws:iam::123456789012:role/night',
      definition: JSON.stringify({ StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 3600, End: true } } }),
    }),
  );
  await stepFunctions.send(new StartExecutionCommand({ stateMachineArn, name: 'by-hand', input: '{}' }));
  await s3.send(new CreateBucketCommand({ Bucket: 'the-vault', CreateBucketConfiguration: { LocationConstraint: 'eu-west-3' } }));
  await s3.send(new PutBucketVersioningCommand({ Bucket: 'the-vault', VersioningConfiguration: { Status: 'Enabled' } }));
  queueUrl = (await more.queues.send(new CreateQueueCommand({ QueueName: 'lost' }))).QueueUrl ?? '';
  topicArn = (await more.topics.send(new CreateTopicCommand({ Name: 'alerts' }))).TopicArn ?? '';
  await more.topics.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'email', Endpoint: 'ops@example.com' }));
  await more.secrets.send(new CreateSecretCommand({ Name: 'secret/app', SecretString: '{"password": "not-to-be-read"}' }));
  for (const AlarmName of ['nightproof-StartsLost', 'nightproof-CopiesFailed', 'somebody-elses']) {
    await more.cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        AlarmDescription: `Impact of ${AlarmName}`,
        MetricName: 'm',
        Namespace: 'n',
        Statistic: 'Sum',
        Period: 300,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      }),
    );
  }
  deployed = {
    stack: 'nightproof',
    outputs: { vaultBucket: 'the-vault', stateMachineArn, machines: { night: stateMachineArn } },
    clients: { cloudFormation, stepFunctions, s3, ...more },
  };
  await more.scheduler.send(new CreateScheduleCommand(schedule('nightproof-Nightly', {})));
  await more.scheduler.send(
    new CreateScheduleCommand(schedule('nightproof-Media', { ScheduleExpression: 'cron(0 3 ? * SUN *)', plan: 'media' })),
  );
  stackHolds({});
});
afterAll(async () => {
  awsOperations(deployed).close();
  await moto.stop();
});

const schedule = (
  Name: string,
  {
    plan = 'nightly',
    ...facts
  }: {
    readonly plan?: string;
    readonly State?: 'ENABLED' | 'DISABLED';
    readonly Arn?: string;
    readonly ScheduleExpression?: string;
  },
) => ({
  Name,
  ScheduleExpression: 'cron(30 2 * * ? *)',
  ScheduleExpressionTimezone: 'Europe/Paris',
  FlexibleTimeWindow: { Mode: 'OFF' as const },
  ...facts,
  Target: {
    Arn: facts.Arn ?? deployed.outputs.stateMachineArn,
    RoleArn: 'arn:aws:iam::123456789012:role/scheduler',
    Input: JSON.stringify({ scheduledTime: '<aws.scheduler.scheduled-time>', plan }),
  },
});

/** What CloudFormation says of the stack, two resources a page. */
function stackHolds({ status = 'UPDATE_COMPLETE', more = [] as [string, string][], without = '' }): void {
  const resources: [string, string][] = [
    ['AWS::Scheduler::Schedule', 'nightproof-Nightly'],
    ['AWS::Scheduler::Schedule', 'nightproof-Media'],
    ['AWS::SQS::Queue', queueUrl],
    ['AWS::SNS::Topic', topicArn],
    ['AWS::CloudWatch::Alarm', 'nightproof-StartsLost'],
    ['AWS::CloudWatch::Alarm', 'nightproof-CopiesFailed'],
    ...more,
  ];
  const summaries = resources
    .filter(([type]) => type !== without)
    .map(([ResourceType, PhysicalResourceId], n) => ({
      LogicalResourceId: `R${n}`,
      ResourceType,
      PhysicalResourceId,
      LastUpdatedTimestamp: new Date(0),
      ResourceStatus: 'CREATE_COMPLETE' as const,
    }));
  const cloudFormation = mockClient(deployed.clients.cloudFormation);
  cloudFormation
    .on(DescribeStacksCommand)
    .resolves({ Stacks: [{ StackName: 'nightproof', CreationTime: new Date(0), StackStatus: status as 'UPDATE_COMPLETE' }] });
  cloudFormation.on(ListStackResourcesCommand).callsFake(({ NextToken = '0' }: { NextToken?: string }) => {
    const at = Number(NextToken);
    const next = at + 2 < summaries.length ? { NextToken: String(at + 2) } : {};
    return { StackResourceSummaries: summaries.slice(at, at + 2), ...next };
  });
}

const checks = async (secrets: readonly string[] = []): Promise<Record<string, Check>> =>
  Object.fromEntries((await awsOperations(deployed).checks(secrets)).map((check) => [check.what, check]));

describe('the schedules of a stack', () => {
  it('are read as they are deployed, each with its plan, its times and its zone', async () => {
    const found = await awsOperations(deployed).schedules();

    expect(
      found.map(({ plan, cron, timeZone, enabled, since }) => ({ plan, cron, timeZone, enabled, since: since instanceof Date })),
    ).toEqual([
      {
        plan: 'nightly',
        cron: expect.objectContaining({ minutes: [30], hours: [2] }),
        timeZone: 'Europe/Paris',
        enabled: true,
        since: true,
      },
      {
        plan: 'media',
        cron: expect.objectContaining({ weekdays: [0], hours: [3] }),
        timeZone: 'Europe/Paris',
        enabled: true,
        since: true,
      },
    ]);
  });
});

it('tells the schedule of the drills from those of the nights', async () => {
  const drill = 'arn:aws:states:eu-west-3:123456789012:stateMachine:Drill';
  const { outputs, clients } = deployed;
  const withDrills = { ...deployed, outputs: { ...outputs, machines: { ...outputs.machines, drill } } };
  await clients.scheduler.send(
    new CreateScheduleCommand(schedule('nightproof-Drills', { Arn: drill, ScheduleExpression: 'cron(0 5 ? * SUN *)' })),
  );
  stackHolds({ more: [['AWS::Scheduler::Schedule', 'nightproof-Drills']] });

  const found = await awsOperations(withDrills).schedules();
  const checked = await awsOperations(withDrills).checks([]);
  stackHolds({});

  expect(found.map(({ name, starts }) => [name, starts])).toEqual([
    ['nightproof-Nightly', 'night'],
    ['nightproof-Media', 'night'],
    ['nightproof-Drills', 'drill'],
  ]);
  expect(checked.find(({ what }) => what === 'schedule nightproof-Drills')).toMatchObject({
    state: 'ok',
    text: 'drills at 0 5 * * SUN (Europe/Paris), enabled',
  });
});

it('lists the executions that are under way', async () => {
  expect(await awsOperations(deployed).running()).toEqual([
    { executionArn: expect.stringMatching(/:execution:Night:by-hand$/), startedAt: expect.any(Date) },
  ]);
});

it('names the alarms of the stack that are raised, and no others', async () => {
  expect(await awsOperations(deployed).alarms()).toEqual([]);
  for (const AlarmName of ['nightproof-CopiesFailed', 'somebody-elses'])
    await deployed.clients.cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'test' }));

  expect(await awsOperations(deployed).alarms()).toEqual([
    { name: 'nightproof-CopiesFailed', since: expect.any(Date), description: 'Impact of nightproof-CopiesFailed' },
  ]);
});

describe('the checks of a stack', () => {
  it('find nothing bad where nothing is, a line for each part', async () => {
    const vault = new MemoryVault();
    begun(vault, planOf([sourceOf('app')]));
    const backend = backendOver(vault, { operations: async () => ({ ...awsOperations(deployed), close: () => undefined }) });
    const args = ['doctor'];

    await expect(transcript(args, await cli(args, { backend }))).toMatchFileSnapshot('golden/doctor.txt');
  });

  it('print JSON of a closed schema, and end with 1 where something is bad', async () => {
    const vault = new MemoryVault();
    begun(vault, planOf([sourceOf('app'), sourceOf('crm')]));
    const backend = backendOver(vault, { operations: async () => ({ ...awsOperations(deployed), close: () => undefined }) });

    const { code, stdout } = await cli(['doctor', '--json'], { backend });

    expect(code).toBe(1);
    const { bad, checks: all } = DoctorOutput.parse(JSON.parse(stdout));
    expect(bad).toBe(1);
    expect(all.find(({ state }) => state === 'bad')).toMatchObject({
      what: 'secret secret/crm',
      text: 'there is no such secret',
    });
    expect(stdout).not.toContain('not-to-be-read');
  });

  it.each([
    ['UPDATE_ROLLBACK_COMPLETE', 'bad'],
    ['UPDATE_IN_PROGRESS', 'ok'],
    ['ROLLBACK_COMPLETE', 'bad'],
    ['DELETE_FAILED', 'bad'],
  ])('call a stack in %s %s', async (status, state) => {
    stackHolds({ status });
    const found = (await checks())['stack nightproof'];
    stackHolds({});

    expect(found).toMatchObject({ state, text: expect.stringContaining(status) });
  });

  it('tell of a schedule that is disabled, starts something else, is gone, or is not there at all', async () => {
    const { scheduler } = deployed.clients;
    const media = { ScheduleExpression: 'cron(0 3 ? * SUN *)', plan: 'media' };
    const changed = async (facts: object): Promise<Check | undefined> => {
      await scheduler.send(new UpdateScheduleCommand(schedule('nightproof-Media', { ...media, ...facts })));
      return (await checks())['schedule nightproof-Media'];
    };

    expect(await changed({ State: 'DISABLED' })).toMatchObject({
      state: 'bad',
      text: expect.stringContaining('plan media at 0 3 * * SUN (Europe/Paris): it is disabled'),
    });
    expect(await changed({ Arn: 'arn:aws:states:eu-west-3:123456789012:stateMachine:Old' })).toMatchObject({
      state: 'bad',
      text: expect.stringContaining('stateMachine:Old instead of'),
    });
    expect(await changed({})).toMatchObject({ state: 'ok' });

    stackHolds({ more: [['AWS::Scheduler::Schedule', 'nightproof-Deleted']] });
    expect((await checks())['schedule nightproof-Deleted']).toMatchObject({
      state: 'bad',
      text: expect.stringContaining('somebody deleted it'),
    });
    stackHolds({ without: 'AWS::Scheduler::Schedule' });
    expect((await checks()).schedule).toMatchObject({ state: 'bad', text: expect.stringContaining('nothing starts by itself') });
    stackHolds({});
  });

  it('count the starts that were lost', async () => {
    await deployed.clients.queues.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: '{}' }));

    expect((await checks())['dead letters in lost']).toMatchObject({
      state: 'bad',
      text: '1 start never reached the state machine',
    });
  });

  it('name the addresses that have not confirmed, and notice where nobody listens', async () => {
    // moto takes every address for confirmed
    const topics = mockClient(deployed.clients.topics as SNSClient);
    const waiting = {
      SubscriptionArn: 'PendingConfirmation',
      Endpoint: 'late@example.com',
      Protocol: 'email',
      Owner: '1',
      TopicArn: topicArn,
    };
    topics
      .on(ListSubscriptionsByTopicCommand)
      .resolvesOnce({ Subscriptions: [waiting] })
      .resolvesOnce({ Subscriptions: [] });
    const found = [await checks(), await checks()].map((all) => all['subscriptions of alerts']);
    topics.restore();

    expect(found).toEqual([
      expect.objectContaining({ state: 'bad', text: expect.stringContaining('late@example.com') }),
      expect.objectContaining({ state: 'bad', text: expect.stringContaining('reach nobody') }),
    ]);
  });

  it('notice that the vault keeps no versions', async () => {
    const { s3 } = deployed.clients;
    const set = (Status: 'Enabled' | 'Suspended') =>
      s3.send(new PutBucketVersioningCommand({ Bucket: 'the-vault', VersioningConfiguration: { Status } }));
    await set('Suspended');
    const found = (await checks())['versions of the vault'];
    await set('Enabled');

    expect(found).toMatchObject({ state: 'bad', text: 'not kept (Suspended): whatever is deleted is gone at once' });
  });

  it('tell a secret that is marked for deletion from one that was never there', async () => {
    await deployed.clients.secrets.send(new CreateSecretCommand({ Name: 'old', SecretString: '{}' }));
    await deployed.clients.secrets.send(new DeleteSecretCommand({ SecretId: 'old', RecoveryWindowInDays: 7 }));

    const all = await checks(['old', 'never']);

    expect(all['secret old']).toMatchObject({ state: 'bad', text: expect.stringContaining('marked for deletion') });
    expect(all['secret never']).toMatchObject({ state: 'bad', text: 'there is no such secret' });
  });

  it('call bad what they may not ask, with the right that is missing, and go on with the rest', async () => {
    const denied = Object.assign(new Error('the words of AWS'), {
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    });
    const queues = mockClient(deployed.clients.queues);
    queues.rejects(denied);
    const all = await checks();
    queues.restore();

    expect(all['dead letters in lost']).toMatchObject({
      state: 'bad',
      text: 'reading the queue: access denied (AccessDeniedException)',
      remedy: expect.stringContaining('docs/cli.md'),
    });
    expect(all['state machine']).toMatchObject({ state: 'ok' });
  });
});
