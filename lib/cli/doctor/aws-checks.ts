import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import { GetScheduleCommand, type GetScheduleOutput } from '@aws-sdk/client-scheduler';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { paginateListSubscriptionsByTopic } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { plural } from '../../domain/plain-text.ts';
import { asked, type DeployedStack, resourcesOf } from '../place/deployed-stack.ts';
import type { Check } from '../place/operations.ts';
import { machineOf } from '../place/stack-outputs.ts';
import { CliError } from '../terminal/cli-error.ts';
import { installedSchedule, showSchedule, showStarts } from './installed-schedule.ts';

type Found = Omit<Check, 'what'>;

const ok = (text: string): Found => ({ state: 'ok', text });
const bad = (text: string, remedy: string): Found => ({ state: 'bad', text, remedy });

const DEPLOY = 'Deploy again: npx cdk deploy';

/** The checks of a deployed stack. What cannot be asked is bad too: nobody knows that it is good. */
export async function awsChecks(deployed: DeployedStack, secrets: readonly string[]): Promise<readonly Check[]> {
  const resources = (type: string) => resourcesOf(deployed, type).catch(() => []);
  const [schedules, queues, topics] = await Promise.all([
    resources('AWS::Scheduler::Schedule'),
    resources('AWS::SQS::Queue'),
    resources('AWS::SNS::Topic'),
  ]);
  return Promise.all([
    check(`stack ${deployed.stack}`, () => stack(deployed)),
    ...(schedules.length > 0
      ? schedules.map((name) => check(`schedule ${name}`, () => schedule(deployed, name)))
      : [check('schedule', async () => bad('the stack has none, so that nothing starts by itself', DEPLOY))]),
    check('state machine', () => stateMachine(deployed)),
    ...queues.map((url) => check(`dead letters in ${url.slice(url.lastIndexOf('/') + 1)}`, () => deadLetters(deployed, url))),
    ...topics.map((arn) => check(`subscriptions of ${arn.slice(arn.lastIndexOf(':') + 1)}`, () => subscriptions(deployed, arn))),
    check('versions of the vault', () => versioning(deployed)),
    ...secrets.map((id) => check(`secret ${id}`, () => secret(deployed, id))),
  ]);
}

async function check(what: string, look: () => Promise<Found>): Promise<Check> {
  try {
    return { what, ...(await look()) };
  } catch (error) {
    if (error instanceof CliError) return { what, ...bad(error.message, error.remedy) };
    const name = error instanceof Error ? error.name : typeof error;
    return {
      what,
      ...bad(`could not be asked (${name})`, 'Run it again with NIGHTPROOF_DEBUG=1; look at the part in the console.'),
    };
  }
}

async function stack({ stack: name, clients }: DeployedStack): Promise<Found> {
  const { Stacks } = await asked(
    'reading the stack',
    clients.cloudFormation.send(new DescribeStacksCommand({ StackName: name })),
  );
  const status = Stacks?.[0]?.StackStatus ?? 'unknown';
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return ok(`deployed (${status})`);
  if (status.endsWith('_IN_PROGRESS')) return ok(`being deployed at this moment (${status})`);
  return bad(`its last deployment did not succeed (${status})`, `Look at the events of the stack. ${DEPLOY}`);
}

async function schedule({ outputs, clients }: DeployedStack, name: string): Promise<Found> {
  const found = await scheduleNamed(clients.scheduler, name);
  if (!found) return bad('it is in the stack, but EventBridge Scheduler does not have it: somebody deleted it', DEPLOY);
  const installed = installedSchedule({
    name,
    starts: machineOf(outputs, found.Target?.Arn),
    expression: found.ScheduleExpression,
    timeZone: found.ScheduleExpressionTimezone,
    state: found.State,
    input: found.Target?.Input,
  });
  const what = `${showStarts(installed)} at ${showSchedule(installed)}`;
  if (!machineOf(outputs, found.Target?.Arn))
    return bad(`${what}: it starts ${found.Target?.Arn ?? 'nothing'} instead of a state machine of the stack`, DEPLOY);
  if (!installed.enabled)
    return bad(
      `${what}: it is disabled, so that nothing starts by itself`,
      'If that was not meant: set enabled of the schedule in nightproof.yaml to true, then npx cdk deploy',
    );
  return ok(`${what}, enabled`);
}

async function scheduleNamed(
  scheduler: DeployedStack['clients']['scheduler'],
  name: string,
): Promise<GetScheduleOutput | undefined> {
  return scheduler.send(new GetScheduleCommand({ Name: name })).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    return asked(`reading the schedule ${name}`, Promise.reject(error));
  });
}

async function stateMachine({ outputs, clients }: DeployedStack): Promise<Found> {
  const { stateMachineArn } = outputs;
  const { status } = await asked(
    'reading the state machine',
    clients.stepFunctions.send(new DescribeStateMachineCommand({ stateMachineArn })),
  );
  return status === 'DELETING' ? bad('it is being deleted', DEPLOY) : ok(`there (${status ?? 'ACTIVE'})`);
}

async function deadLetters({ clients }: DeployedStack, url: string): Promise<Found> {
  const { Attributes = {} } = await asked(
    'reading the queue',
    clients.queues.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    ),
  );
  const lost = Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  if (lost === 0) return ok('none: every start has reached the state machine');
  return bad(
    `${plural(lost, 'start')} never reached the state machine`,
    'See docs/runbook.md, "A start was lost"; make up for it with: nightproof run',
  );
}

async function subscriptions({ clients }: DeployedStack, topic: string): Promise<Found> {
  const confirmed: string[] = [];
  const waiting: string[] = [];
  await asked('reading the subscriptions', async () => {
    for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client: clients.topics }, { TopicArn: topic }))
      for (const { SubscriptionArn, Endpoint = '' } of Subscriptions)
        (SubscriptionArn === 'PendingConfirmation' ? waiting : confirmed).push(Endpoint);
  });
  if (waiting.length > 0)
    return bad(
      `not confirmed yet, so that nothing reaches them: ${waiting.join(', ')}`,
      'Each has got a mail from AWS with a link to follow. After three days it is void: remove the address, deploy, add it again.',
    );
  if (confirmed.length === 0)
    return bad(
      'none: reports and alerts reach nobody',
      'Name addresses under notify.email in nightproof.yaml, then npx cdk deploy',
    );
  return ok(`${plural(confirmed.length, 'subscription')} confirmed`);
}

async function versioning({ outputs, clients }: DeployedStack): Promise<Found> {
  const { Status } = await asked(
    'reading the settings of the vault',
    clients.s3.send(new GetBucketVersioningCommand({ Bucket: outputs.vaultBucket })),
  );
  if (Status === 'Enabled') return ok('kept: what is removed by mistake can be brought back for 14 days');
  return bad(`not kept (${Status ?? 'never enabled'}): whatever is deleted is gone at once`, DEPLOY);
}

async function secret({ clients }: DeployedStack, id: string): Promise<Found> {
  const remedy = 'Write it, as a JSON object with username, password, host and port, or name another in nightproof.yaml.';
  const found = await clients.secrets.send(new DescribeSecretCommand({ SecretId: id })).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    return asked('describing the secret', Promise.reject(error));
  });
  if (!found) return bad('there is no such secret', remedy);
  if (found.DeletedDate) return bad('it is marked for deletion, and cannot be read', 'aws secretsmanager restore-secret');
  return ok('there (its value was not read)');
}

const isAbsent = (error: unknown): boolean => error instanceof Error && error.name === 'ResourceNotFoundException';
