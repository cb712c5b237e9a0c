import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { restoreRecordKey, restoreServicesKey } from '../../lib/domain/backup/operation-keys.ts';
import { RestoreRecord, StoppedServices } from '../../lib/domain/restore/restore-record.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import type { Json } from '../../lib/local/cloud/json.ts';
import type { StartOptions } from '../../lib/local/cloud/local-cloud.ts';
import type { RunningTask } from '../../lib/local/cloud/task-process.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { EcsService } from '../support/ecs-service.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';
import { childOf } from '../support/processes.ts';

const SCHEDULED_TIME = new Date(Date.now() - 3_600_000);
const SLOT = slotOf(SCHEDULED_TIME);
const TASKS = 2;

/** Restoring it takes a minute: its index is made by a function that sleeps. Backing it up takes none. */
const DAWDLING = `
  CREATE FUNCTION slow(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i';
  CREATE TABLE waiting AS SELECT 1 AS i;
  CREATE INDEX ON waiting (slow(i));
  CREATE OR REPLACE FUNCTION slow(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN PERFORM pg_sleep(60); RETURN i; END';
`;

let server: DatabaseRig;
let rig: NightRig;
let web: EcsService;
let idle: EcsService;

beforeAll(async () => {
  server = await DatabaseRig.start();
  await server.database('shop', `CREATE TABLE purchase AS SELECT i, md5(i::text) AS note FROM generate_series(1, 2000) i`);
  await server.database('dawdle', DAWDLING);
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' } },
    secrets: { 'night/main': server.secret() },
    sources: ['shop', 'dawdle'].map((id) => ({ id, database: id, connection: 'main' })),
    more: {
      restore: {
        targets: {
          live: {
            connection: 'main',
            services: [
              { cluster: 'apps', service: 'web' },
              { cluster: 'apps', service: 'idle' },
            ],
          },
        },
      },
    },
  });
  web = await EcsService.running(rig.cloud.endpoints, { cluster: 'apps', name: 'web', tasks: TASKS });
  idle = await EcsService.running(rig.cloud.endpoints, { cluster: 'apps', name: 'idle', tasks: 0 });
  const { status } = await rig.night({ scheduledTime: SCHEDULED_TIME.toISOString() });
  if (status !== 'SUCCEEDED') throw new Error(`the night ended ${status}`);
});

afterAll(async () => {
  web?.close();
  idle?.close();
  await rig?.stop();
  await server?.stop();
});

let stoppedWhile: boolean;
let task: RunningTask | undefined;

beforeEach(() => {
  stoppedWhile = false;
  task = undefined;
  rig.cloud.tasks.once('started', (started) => {
    task = started;
    void web.counts().then(({ desired }) => {
      stoppedWhile = desired === 0;
    });
  });
});

const restore = (name: string, input: Record<string, Json>, options: StartOptions = {}): Execution =>
  rig.cloud.startExecution(
    { backup: { source: 'shop' }, target: 'live', overSource: true, confirm: 'live/shop', ...input },
    { of: 'RestoreStateMachineArn', name, ...options },
  );

const dawdling = (name: string, options?: StartOptions): Execution =>
  restore(name, { backup: { source: 'dawdle' }, confirm: 'live/dawdle' }, options);

/** When the server is in the midst of what pg_restore asked it for. */
async function inTheMiddle(): Promise<RunningTask> {
  const asleep = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
  await expect.poll(async () => (await server.sql('postgres', asleep)).length, { timeout: 45_000 }).toBeGreaterThan(0);
  if (!task) throw new Error('no task was started');
  return task;
}

const mailsOf = async (name: string) =>
  (await rig.cloud.messages()).filter(({ subject, message }) => `${subject} ${message}`.includes(name));
const recordOf = (name: string) => rig.read(restoreRecordKey(name), RestoreRecord);

/** Both have as many tasks as before the restore, which stopped them and told of itself once. */
async function expectAsBefore(name: string): Promise<void> {
  const mails = await mailsOf(name);
  expect(await web.counts()).toEqual({ desired: TASKS, running: TASKS });
  expect(await idle.counts()).toEqual({ desired: 0, running: 0 });
  expect(stoppedWhile).toBe(true);
  expect(mails).toHaveLength(1);
  expect((await recordOf(name)).services).toEqual([
    { cluster: 'apps', service: 'web', desiredCount: TASKS, running: true },
    { cluster: 'apps', service: 'idle', desiredCount: 0, running: true },
  ]);
}

describe('a service of the target runs again, with as many tasks as before, and one report says what happened', () => {
  // a server that makes an index notices only at its end that its client is gone
  afterEach(() => server.sql('postgres', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`));

  it('after a restore that went well', async () => {
    const name = 'went-well';
    expect(await restore(name, {}).ended).toMatchObject({ status: 'SUCCEEDED' });
    expect((await recordOf(name)).status).toBe('restored');
    const { services } = await rig.read(restoreServicesKey(name), StoppedServices);
    expect(services.map(({ desiredCount }) => desiredCount)).toEqual([TASKS, 0]);
    await expectAsBefore(name);
  });

  it('after a backup turned out to be damaged', async () => {
    const name = 'damaged';
    const key = dumpKey(SLOT, 'shop');
    const bytes = readFileSync(rig.file(key));
    bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0) & 0xff;
    writeFileSync(rig.file(key), bytes);
    expect(await restore(name, { backup: { key }, database: 'shop' }).ended).toMatchObject({ status: 'FAILED' });
    expect((await recordOf(name)).items).toMatchObject([{ result: 'failed', phase: 'verify', failure: { reason: 'damaged' } }]);
    await expectAsBefore(name);
  });

  it('after pg_restore was killed in the middle', async () => {
    const name = 'pg-restore-killed';
    const execution = dawdling(name);
    process.kill(childOf((await inTheMiddle()).pid, 'pg_restore'), 'SIGKILL');
    expect(await execution.ended).toMatchObject({ status: 'FAILED', error: 'Nightproof.RestoreFailed' });
    expect((await recordOf(name)).items).toMatchObject([{ result: 'failed', phase: 'restore' }]);
    await expectAsBefore(name);
  });

  it('after the task was killed', async () => {
    const name = 'task-killed';
    const execution = dawdling(name);
    process.kill((await inTheMiddle()).pid, 'SIGKILL');
    expect(await execution.ended).toMatchObject({ status: 'FAILED', error: 'Nightproof.RestoreFailed' });
    expect((await recordOf(name)).items).toMatchObject([{ result: 'failed', failure: { reason: 'interrupted' } }]);
    await expectAsBefore(name);
  });

  it('after the state machine was aborted', async () => {
    const name = 'aborted';
    const execution = dawdling(name);
    await inTheMiddle();
    expect(await execution.stop()).toMatchObject({ status: 'ABORTED' });
    await expectAsBefore(name);
    expect(await recordOf(name)).toMatchObject({ status: 'failed', failure: { reason: 'cancelled' } });
  });

  it('after the state machine ran out of time', async () => {
    const name = 'timed-out';
    const execution = dawdling(name, { timeoutSeconds: 25 });
    await inTheMiddle();
    expect(await execution.ended).toMatchObject({ status: 'TIMED_OUT' });
    await expectAsBefore(name);
    expect(await recordOf(name)).toMatchObject({ status: 'failed', failure: { reason: 'timeout' } });
  });
});

it('a restore that is refused touches no service, and is told of once', async () => {
  const execution = await restore('refused', { confirm: 'live/shopp', tabels: ['x'] }).ended;
  expect(execution).toMatchObject({ status: 'FAILED', error: 'Nightproof.InputRefused' });
  expect(await web.counts()).toEqual({ desired: TASKS, running: TASKS });
  expect((await mailsOf('refused')).map(({ subject }) => subject)).toEqual([
    'nightproof restore FAILED: it was not begun, refused',
  ]);
});
