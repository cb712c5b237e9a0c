import { CloudFormationClient, CloudFormationServiceException, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import { openAws } from '../../lib/cli/place/aws-backend.ts';
import type { Backend, Place } from '../../lib/cli/place/backend.ts';
import { explain } from '../../lib/cli/terminal/explain.ts';
import { isExecutionName } from '../../lib/domain/backup/operation-keys.ts';
import { execution, SUNDAY } from '../support/night.ts';

const STATE_MACHINE = 'arn:aws:states:eu-west-3:123456789012:stateMachine:Night';
const settings = { region: 'eu-west-3', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };

const stepFunctions = mockClient(SFNClient);
const cloudFormation = mockClient(CloudFormationClient);
afterEach(() => {
  stepFunctions.reset();
  cloudFormation.reset();
});

/** moto knows stacks, but no executions: both are stood in for here. */
function open(
  place: Partial<Place> = {},
  outputs: Record<string, string> = { VaultBucket: 'the-vault', StateMachineArn: STATE_MACHINE },
): Promise<Backend> {
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [
      {
        StackName: 'nightproof',
        CreationTime: new Date(0),
        StackStatus: 'UPDATE_COMPLETE',
        Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
      },
    ],
  });
  return openStack(place);
}

const openStack = (place: Partial<Place> = {}): Promise<Backend> =>
  openAws({
    place: { stack: 'nightproof', ...place },
    clients: {
      cloudFormation: new CloudFormationClient(settings),
      stepFunctions: new SFNClient(settings),
      s3: new S3Client(settings),
    },
    newId: () => 'cafe0001',
    now: () => new Date('2026-04-19T09:00:00Z'),
  });

const failing = (name: string, status: number): Error =>
  Object.assign(new Error('the words of AWS'), { name, $metadata: { httpStatusCode: status } });

describe('the stack', () => {
  it('is found by its name, and says where vault and state machine are', async () => {
    const backend = await open({ stack: 'nightproof-prod', region: 'eu-west-3' });

    expect(cloudFormation.commandCalls(DescribeStacksCommand)[0]?.args[0].input).toEqual({ StackName: 'nightproof-prod' });
    expect(backend.vault.bucket).toBe('the-vault');
    expect(backend.locate('daily/app.dump')).toEqual({ s3: 's3://the-vault/daily/app.dump' });
    expect(backend.flags).toBe(' --stack nightproof-prod --region eu-west-3');
    expect((await open()).flags).toBe('');
  });

  it('is named where it does not exist', async () => {
    const absent = new CloudFormationServiceException({
      name: 'ValidationError',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
      message: 'x',
    });
    cloudFormation.on(DescribeStacksCommand).rejects(absent);

    const error = explain(await openStack({ stack: 'nope' }).catch((thrown: unknown) => thrown));

    expect(error).toMatchObject({ exitCode: 2, message: 'there is no stack nope in this account and region' });
    expect(error.remedy).toContain('npx cdk deploy');
  });

  it('is refused where it is another one', async () => {
    const error = explain(await open({}, { Website: 'https://example.com' }).catch((thrown: unknown) => thrown));

    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('no outputs VaultBucket and StateMachineArn') });
  });

  it.each([
    [failing('CredentialsProviderError', 0), 'no AWS credentials', 'aws sso login'],
    [failing('ExpiredToken', 400), 'have expired', 'aws sso login'],
    [failing('InvalidClientTokenId', 403), 'does not accept the credentials', 'aws sts get-caller-identity'],
    [failing('AccessDenied', 403), 'access denied', 'docs/cli.md'],
    [Object.assign(new Error('x'), { code: 'ENOTFOUND' }), 'no answer (ENOTFOUND)', '--region'],
    [failing('Throttling', 400), 'no answer (Throttling)', 'try again'],
  ])('explains %s', async (thrown, what, remedy) => {
    cloudFormation.on(DescribeStacksCommand).rejects(thrown);

    const error = explain(await openStack().catch((caught: unknown) => caught));

    expect(error).toMatchObject({ exitCode: 3, message: expect.stringContaining(what), remedy: expect.stringContaining(remedy) });
    expect(error.message).not.toContain('the words of AWS');
  });
});

describe('a run', () => {
  const startDate = new Date('2026-04-19T02:00:00.412Z');

  it('is started once, under a name that makes a repeated request harmless', async () => {
    stepFunctions.on(StartExecutionCommand).resolves({ executionArn: execution('first'), startDate });

    const run = await (await open()).start('night', { sources: ['app'], reason: 'test', slot: SUNDAY });

    expect(stepFunctions.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input)).toEqual([
      {
        stateMachineArn: STATE_MACHINE,
        name: 'by-hand-20260419T090000Z-cafe0001',
        input: '{"sources":["app"],"reason":"test","slot":"20260419_020000"}',
      },
    ]);
    expect(run).toMatchObject({ executionArn: execution('first'), startedAt: startDate });
  });

  it.each([
    [{ status: 'RUNNING' as const }, { status: 'running' }],
    [{ status: 'PENDING_REDRIVE' as const }, { status: 'running' }],
    [
      { status: 'SUCCEEDED' as const, output: '{"status":"ok"}' },
      { status: 'succeeded', output: { status: 'ok' } },
    ],
    [
      { status: 'FAILED' as const, error: 'Nightproof.NightFailed', cause: '1 of 2 failed' },
      { status: 'failed', error: 'Nightproof.NightFailed', cause: '1 of 2 failed' },
    ],
    [{ status: 'TIMED_OUT' as const }, { status: 'stopped', how: 'timed out' }],
    [{ status: 'ABORTED' as const }, { status: 'stopped', how: 'aborted' }],
  ])('is %j', async (described, state) => {
    stepFunctions.on(StartExecutionCommand).resolves({ executionArn: execution('first'), startDate });
    stepFunctions.on(DescribeExecutionCommand).resolves(described);

    const run = await (await open()).start('night', {});

    expect(await run.state()).toEqual(state);
  });

  it.each(['restore', 'drill', 'patrol'] as const)('is a %s under a name that its records can have', async (machine) => {
    stepFunctions.on(StartExecutionCommand).resolves({ executionArn: execution('first'), startDate });
    const arn = `arn:aws:states:eu-west-3:123456789012:stateMachine:${machine}`;
    const output = `${machine[0]?.toUpperCase()}${machine.slice(1)}StateMachineArn`;
    const backend = await open({}, { VaultBucket: 'the-vault', StateMachineArn: STATE_MACHINE, [output]: arn });

    const { name } = await backend.start(machine, { key: 'x' } as never);

    expect({ name, valid: isExecutionName(name) }).toEqual({ name: `${machine}-20260419T090000Z-cafe0001`, valid: true });
    expect(stepFunctions.commandCalls(StartExecutionCommand)[0]?.args[0].input).toMatchObject({ stateMachineArn: arn, name });
  });

  it('is refused by a stack that is older than its state machine', async () => {
    const error = explain(await (await open()).start('drill', {}).catch((thrown: unknown) => thrown));

    expect(error).toMatchObject({
      exitCode: 2,
      message: 'the stack nightproof has no output DrillStateMachineArn: it was deployed by an older nightproof',
      remedy: 'Deploy again: npx cdk deploy',
    });
  });

  it('is not started where the role may not', async () => {
    stepFunctions.on(StartExecutionCommand).rejects(failing('AccessDeniedException', 400));

    const error = explain(await (await open()).start('night', {}).catch((thrown: unknown) => thrown));

    expect(error).toMatchObject({ exitCode: 3, message: 'starting the run: access denied (AccessDeniedException)' });
  });
});
