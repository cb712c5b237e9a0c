import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EventRules } from '../../../lib/local/cloud/event-rules.ts';
import type { Json } from '../../../lib/local/cloud/json.ts';
import { LocalCloud } from '../../../lib/local/cloud/local-cloud.ts';
import { motoRequest } from '../../../lib/local/cloud/moto-request.ts';
import { EcsService } from '../../support/ecs-service.ts';
import { toolchain } from '../../support/toolchain.ts';
import { synthesizeFixture } from './fixture/stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
let cloud: LocalCloud;

beforeAll(async () => {
  const run = (task: object, more: object = {}) => ({
    StartAt: 'Work',
    States: { Work: { Type: 'Task', Resource: 'arn:aws:states:::ecs:runTask.sync', Parameters: task, End: true } },
    ...more,
  });
  const assembly = synthesizeFixture(join(folder, 'cdk.out'), {
    Watched: ({ task }) => run(task({ WORK: '$.work' }), { TimeoutSeconds: 5 }),
    Unwatched: ({ task }) => run(task({ WORK: '$.work' })),
    Foreign: () =>
      run({
        Cluster: 'apps',
        'TaskDefinition.$': '$.family',
        LaunchType: 'FARGATE',
        Overrides: { ContainerOverrides: [{ Name: 'app', Command: ['migrate'], Environment: [{ Name: 'A', Value: 'b' }] }] },
      }),
  });
  cloud = await LocalCloud.start({
    assembly,
    dir: join(folder, 'local'),
    toolchain: await toolchain(),
    waitScale: 0,
    foreignTasks: { 'app-migrate': ['node', '-e', 'console.log(process.argv[1], process.env.A)'] },
  });
});
afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const start = (of: string, input: Json, name: string) => cloud.startExecution(input, { of: `${of}Arn`, name });

async function deliveriesOf(name: string) {
  return (await cloud.deliveries()).filter(({ event }) => event.detail.name === name);
}

it('a rule hands the end of an execution to its function as the event is, and to its topic as it asks', async () => {
  const { arn, stateMachineArn } = await start('Watched', { work: 'exit 1' }, 'broken').ended;
  const deliveries = await deliveriesOf('broken');
  expect(new Set(deliveries.map(({ targetArn }) => targetArn.split(':')[2]))).toEqual(new Set(['lambda', 'sns']));
  expect(deliveries).toHaveLength(2);
  expect(deliveries.every(({ error }) => error === undefined)).toBe(true);
  expect(deliveries[0]?.event).toMatchObject({
    source: 'aws.states',
    detail: { executionArn: arn, stateMachineArn, name: 'broken', status: 'FAILED', input: '{"work":"exit 1"}' },
  });
  expect((await cloud.messages()).map(({ message }) => message)).toEqual(['"broken is FAILED"']);
});

it('an execution that was aborted reaches the rule as well', async () => {
  const execution = start('Watched', { work: 'hang' }, 'stopped');
  await new Promise((resolve) => cloud.tasks.once('started', resolve));
  await execution.stop();
  expect((await deliveriesOf('stopped')).map(({ event }) => event.detail.status)).toEqual(['ABORTED', 'ABORTED']);
});

it('so does one that ran into its own time limit', async () => {
  await start('Watched', { work: 'hang' }, 'late').ended;
  expect((await deliveriesOf('late')).map(({ event }) => event.detail.status)).toEqual(['TIMED_OUT', 'TIMED_OUT']);
});

it('one that ended well, and one of another state machine, are none of its business', async () => {
  await start('Watched', { work: 'exit 0' }, 'good').ended;
  await start('Unwatched', { work: 'exit 1' }, 'unwatched').ended;
  expect([...(await deliveriesOf('good')), ...(await deliveriesOf('unwatched'))]).toEqual([]);
});

it('a function that fails is called twice more, and then it is on record', async () => {
  await start('Watched', { work: 'exit 1', note: 'break the function' }, 'unlucky').ended;
  const [failed, ...more] = (await deliveriesOf('unlucky')).filter(({ error }) => error);
  expect(failed?.error).toMatch(/^Fixture\.Broken/);
  expect(more).toEqual([]);
});

it('a rule that the local cloud cannot follow is refused, with the reason', async () => {
  const rule = (action: string, body: Json) =>
    motoRequest(cloud.endpoints, { service: 'events', target: `AWSEvents.${action}`, body });
  await rule('PutRule', { Name: 'filtering', EventPattern: JSON.stringify({ source: [{ prefix: 'aws' }] }) });
  const ports = { invokeFunction: async () => null, pause: async () => undefined };
  await expect(EventRules.over(cloud.endpoints, ports)).rejects.toThrow(/rule filtering: it is not for "Step Functions/);
  await rule('DeleteRule', { Name: 'filtering' });
});

it('a program stands for a task definition of somebody else, with command and variables of the state', async () => {
  const stopped = new Promise<{ logFile: string }>((resolve) => cloud.tasks.once('stopped', resolve));
  for (const family of ['app-migrate', 'app-migrate:7', 'arn:aws:ecs:us-east-1:123456789012:task-definition/app-migrate:7'])
    expect(await start('Foreign', { family }, family.replaceAll(/\W/g, '-')).ended).toMatchObject({ status: 'SUCCEEDED' });
  expect(readFileSync((await stopped).logFile, 'utf8')).toBe('migrate b\n');
});

it('without a program such a task does not start, and says why', async () => {
  const execution = await start('Foreign', { family: 'unheard' }, 'unheard').ended;
  expect(execution).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
  expect(JSON.parse(execution.cause ?? '')).toMatchObject({
    StopCode: 'TaskFailedToStart',
    StoppedReason: expect.stringContaining('foreignTasks'),
  });
});

it('a service of some application runs as many tasks as it is told to', async () => {
  const service = await EcsService.running(cloud.endpoints, { cluster: 'apps', name: 'web', tasks: 2 });
  expect(await service.counts()).toEqual({ desired: 2, running: 2 });
  await service.scale(0);
  expect(await service.counts()).toEqual({ desired: 0, running: 0 });
  service.close();
});
