import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DamageRecord } from '../../lib/domain/backup/damage.ts';
import { damagedKey } from '../../lib/domain/backup/keys.ts';
import { drillPlanKey, drillRecordKey } from '../../lib/domain/backup/operation-keys.ts';
import { DrillPlan } from '../../lib/domain/drill/drill-plan.ts';
import { DrillEvidence, DrillRecord } from '../../lib/domain/drill/evidence.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import type { Json } from '../../lib/local/cloud/json.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';

const SCHEDULED_TIME = new Date(Date.now() - 3_600_000);
const SLOT = slotOf(SCHEDULED_TIME);

let server: DatabaseRig;
let rig: NightRig;

beforeAll(async () => {
  server = await DatabaseRig.start();
  for (const [name, rows] of Object.entries({ shop: 2000, journal: 50 }))
    await server.database(name, `CREATE TABLE entry AS SELECT i, md5(i::text) AS note FROM generate_series(1, ${rows}) i`);
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' } },
    secrets: { 'night/main': server.secret() },
    sources: ['shop', 'journal', 'left_out'].map((id) => ({
      id,
      database: id === 'left_out' ? 'shop' : id,
      connection: 'main',
    })),
    more: {
      drill: {
        most: 1,
        exclude: ['left_out'],
        probes: { journal: ['SELECT count(*) = 50 FROM entry'], shop: ['SELECT count(*) = 1 FROM entry'] },
      },
    },
  });
  const { status } = await rig.night({ scheduledTime: SCHEDULED_TIME.toISOString() });
  if (status !== 'SUCCEEDED') throw new Error(`the night ended ${status}`);
});

afterAll(async () => {
  await rig?.stop();
  await server?.stop();
});

const drill = (name: string, input: Json): Promise<Execution> => rig.cloud.execute(input, { of: 'DrillStateMachineArn', name });
const recordOf = (name: string) => rig.read(drillRecordKey(name), DrillRecord);
const mailsOf = async (name: string) =>
  (await rig.cloud.messages()).filter(({ subject, message }) => `${subject} ${message}`.includes(name));

it('by schedule the source that waited longest is drilled, and the next time another one', async () => {
  const first = await drill('first', { scheduledTime: new Date().toISOString() });
  expect(first.status).toBe('SUCCEEDED');
  const { items } = await rig.read(drillPlanKey('first'), DrillPlan);
  expect(items.map(({ sourceId }) => sourceId)).toEqual(['journal']);
  expect(await rig.read(items[0]?.evidenceKey ?? '', DrillEvidence)).toMatchObject({
    result: 'passed',
    compared: { tables: 1, rows: 50 },
    probes: [{ passed: true }],
  });
  expect(await recordOf('first')).toMatchObject({ status: 'passed', trigger: 'schedule', drills: [{ result: 'passed' }] });
  expect((await mailsOf('first')).map(({ subject }) => subject)).toEqual([
    'nightproof drill OK: 1 of 1 backups restored as they were, first',
  ]);

  await drill('second', { scheduledTime: new Date().toISOString() });
  expect((await rig.read(drillPlanKey('second'), DrillPlan)).items.map(({ sourceId }) => sourceId)).toEqual(['shop']);
});

it('a probe that is not answered with yes fails the drill, with one mail', async () => {
  expect(await recordOf('second')).toMatchObject({
    status: 'failed',
    drills: [{ result: 'failed', failure: { reason: 'probe' } }],
  });
  const mails = await mailsOf('second');
  expect(mails).toHaveLength(1);
  expect(mails[0]?.message).toContain('FAILED  shop (probes)');
});

it('publishes what a restore takes, and whether it came back', async () => {
  const metrics = await rig.cloud.metrics();
  const of = (name: string, dimensions: object) =>
    metrics.find((metric) => metric.name === name && JSON.stringify(metric.dimensions) === JSON.stringify(dimensions));
  expect(of('DrillSuccess', { Source: 'journal' })).toMatchObject({ samples: 1, sum: 1 });
  expect(of('DrillSuccess', { Source: 'shop' })).toMatchObject({ samples: 1, sum: 0 });
  expect(of('RestoreSeconds', { Source: 'journal' })?.sum).toBeGreaterThan(0);
});

it('a backup that is not any more what was verified fails its drill, and counts as none from then on', async () => {
  const key = dumpKey(SLOT, 'journal');
  const bytes = readFileSync(rig.file(key));
  bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0) & 0xff;
  writeFileSync(rig.file(key), bytes);
  expect(await drill('rotten', { key })).toMatchObject({ status: 'FAILED', error: 'Nightproof.DrillFailed' });
  expect(await recordOf('rotten')).toMatchObject({ drills: [{ result: 'failed', failure: { reason: 'damaged' } }] });
  expect(await rig.read(damagedKey(key), DamageRecord)).toMatchObject({ key, foundBy: 'drill' });

  expect((await drill('after', { sources: ['journal'] })).status).toBe('FAILED');
  expect((await rig.read(drillPlanKey('after'), DrillPlan)).passedOver).toEqual([
    { sourceId: 'journal', why: 'it has no undamaged backup' },
  ]);
});

it('a task that vanishes leaves a failed drill, not a passed one', async () => {
  rig.cloud.tasks.once('started', ({ pid }) => process.kill(pid, 'SIGKILL'));
  expect(await drill('vanished', { sources: ['shop'] })).toMatchObject({ status: 'FAILED' });
  expect(await recordOf('vanished')).toMatchObject({ drills: [{ result: 'failed', failure: { reason: 'interrupted' } }] });
});

it('an input that is refused is told of once, with what would be right', async () => {
  const execution = await drill('refused', { source: 'shop' });
  expect(execution).toMatchObject({ status: 'FAILED', error: 'Nightproof.InputRefused' });
  expect(execution.cause).toContain('sources, pick, reason');
  expect((await mailsOf('refused')).map(({ subject }) => subject)).toEqual([
    'nightproof drill FAILED: it was not begun, refused',
  ]);
});

it('gives the task nothing of AWS but three addresses', async () => {
  const started = new Promise<Record<string, string>>((resolve) =>
    rig.cloud.tasks.once('started', ({ environment }) => resolve({ ...environment })),
  );
  await drill('looked-at', { sources: ['left_out'] });
  const names = Object.keys(await started).filter((name) => !/^(AWS_|PATH$|TMPDIR$|NODE_ENV$)/.test(name));
  expect(new Set(names)).toEqual(
    new Set(['ARCHIVE_URL', 'MANIFEST_URL', 'EVIDENCE_URL', 'PROBES', 'STORAGE_BYTES', 'POWERTOOLS_SERVICE_NAME']),
  );
});
