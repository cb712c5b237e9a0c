import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  jobsKey,
  manifestKey,
  outcomeKey,
  planKey,
  retentionKey,
  runRecordKey,
  sweepKey,
  tryKey,
} from '../../lib/domain/backup/keys.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { makeSampleDatabases } from '../../lib/local/demo/sample-databases.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';
import { databaseReceipt } from '../support/receipts.ts';
import { restored } from '../support/restored.ts';
import { leaksOf } from '../support/secret-leaks.ts';

/** The last Sunday: the day whose backup becomes the weekly copy, and near enough to now for retention to trust the clock. */
const SCHEDULED_TIME = lastSunday(new Date());
const SLOT = slotOf(SCHEDULED_TIME);
const SOURCES = ['shop', 'journal', 'meter'];
const COPIED_TO = ['weekly', 'monthly', 'yearly'] as const;

/** Every character that a shell, a URL, a password file or a connection string would trip over. */
const CANARY = `ca'na\\ry: "%41=$(id)&é`;

let server: DatabaseRig;
let rig: NightRig;
let night: Execution;

beforeAll(async () => {
  server = await DatabaseRig.start();
  await makeSampleDatabases(server.server, () => undefined);
  await server.sql('postgres', `CREATE ROLE backup LOGIN SUPERUSER PASSWORD '${CANARY.replaceAll("'", "''")}'`);
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' } },
    secrets: { 'night/main': server.secret({ username: 'backup', password: CANARY }) },
    sources: SOURCES.map((id) => ({ id, database: id, connection: 'main' })),
    more: { keep: { daily: '7d', weekly: '4w', monthly: '12mo', yearly: 'forever' }, notify: { email: ['ops@example.com'] } },
  });
  night = await rig.night({ scheduledTime: SCHEDULED_TIME.toISOString() });
});

afterAll(async () => {
  await rig?.stop();
  await server?.stop();
});

it('ends well, with the report as the output of the execution', () => {
  expect(night).toMatchObject({
    status: 'SUCCEEDED',
    output: { status: 'ok', summary: `nightproof OK: 3 of 3 verified, ${SLOT}` },
  });
});

it('writes down what the run was told and what it did', async () => {
  const plan = await rig.plan(SLOT);
  expect(plan).toMatchObject({ slot: SLOT, attempt: 1, execution: night.arn, trigger: 'schedule', alreadyVerified: [] });
  expect(plan.sources.map(({ id }) => id)).toEqual(SOURCES);

  const record = await rig.record(SLOT);
  expect(record).toMatchObject({ slot: SLOT, attempt: 1, execution: night.arn, status: 'ok', alreadyVerified: [] });
  expect(record.sources).toEqual(await Promise.all(SOURCES.map((id) => rig.outcome(SLOT, id))));
  expect(record.retention).toEqual({ result: 'done', kept: 12, removed: 0, warnings: [] });
});

it.each(SOURCES)('has counted what %s holds as the server counts it', async (id) => {
  const [manifest, outcome] = [await rig.manifest(SLOT, id), await rig.outcome(SLOT, id)];
  const receipt = databaseReceipt(manifest.receipt);
  const counted: Record<string, number> = {};
  for (const { schema, name } of receipt.contents.tables)
    counted[name] = Number((await server.sql(id, `SELECT count(*) FROM ${schema}.${name}`))[0]?.count);
  const [objects] = await server.sql(
    id,
    `SELECT count(*), coalesce(sum(length(lo_get(oid))), 0) AS bytes FROM pg_largeobject_metadata`,
  );

  expect(Object.fromEntries(receipt.contents.tables.map(({ name, rows }) => [name, rows]))).toEqual(counted);
  expect(receipt.contents.largeObjects).toMatchObject({ count: Number(objects?.count), bytes: Number(objects?.bytes) });
  expect(manifest).toMatchObject({ sourceId: id, database: id, slot: SLOT, tier: 'daily', proof: 'verified' });
  expect(manifest.verification).toMatchObject({ bytes: receipt.bytes, sha256: receipt.sha256, readBack: true });
  expect(outcome).toMatchObject({
    status: 'verified',
    manifestKey: manifestKey(dumpKey(SLOT, id)),
    bytes: receipt.bytes,
    counts: {
      of: 'database',
      tables: receipt.contents.tables.length,
      rows: Object.values(counted).reduce((sum, rows) => sum + rows, 0),
    },
    promoted: COPIED_TO.map((tier) => dumpKey(SLOT, id, tier)),
    warnings: [],
    tries: 1,
  });
});

it('copies the first Sunday of a new vault to every tier, each copy with tags and a manifest of its own', async () => {
  for (const id of SOURCES) {
    const daily = await rig.manifest(SLOT, id);
    expect(await rig.tags(daily.key)).toEqual({ tier: 'daily', source: id, slot: SLOT });
    for (const tier of COPIED_TO) {
      const copy = await rig.manifest(SLOT, id, tier);
      expect(copy).toMatchObject({ tier, key: dumpKey(SLOT, id, tier), copiedFrom: { key: daily.key }, receipt: daily.receipt });
      expect(await rig.tags(copy.key)).toEqual({ tier, source: id, slot: SLOT });
      const stored = await rig.vault.head(copy.key);
      expect(stored).toMatchObject({ bytes: daily.receipt.bytes, crc32: daily.receipt.crc32 });
      expect(stored?.versionId).toBe(copy.verification.versionId);
    }
  }
});

it('decides on every backup with a reason, and removes none', async () => {
  const { sources } = await rig.retention(SLOT);
  expect(sources.map(({ sourceId, result }) => [sourceId, result])).toEqual(SOURCES.map((id) => [id, 'decided']));
  const decisions = sources.flatMap((source) => (source.result === 'decided' ? source.decisions : []));
  expect(decisions.map(({ key }) => key).sort()).toEqual(
    SOURCES.flatMap((id) => (['daily', ...COPIED_TO] as const).map((tier) => dumpKey(SLOT, id, tier))).sort(),
  );
  for (const { action, reasons } of decisions) expect([action, reasons.length > 0]).toEqual(['keep', true]);
});

it('leaves nothing else in the vault, and writes each key once', async () => {
  const run = { slot: SLOT, attempt: 1 };
  const ofRun = [planKey, jobsKey, retentionKey, sweepKey, runRecordKey].map((key) => key(run));
  const ofSources = SOURCES.flatMap((id) => [
    outcomeKey(run, id),
    tryKey(SLOT, id, 1),
    ...(['daily', ...COPIED_TO] as const).flatMap((tier) => [dumpKey(SLOT, id, tier), manifestKey(dumpKey(SLOT, id, tier))]),
  ]);
  expect(await rig.keys()).toEqual([...ofRun, ...ofSources].sort());
  expect(Object.values(await rig.versions()).every((count) => count === 1)).toBe(true);
  expect(await rig.openUploads()).toEqual([]);
});

it('publishes one message: what an operator reads in the morning', async () => {
  const [mail, ...more] = await rig.cloud.messages();
  expect(more).toEqual([]);
  expect(mail?.topicArn).toBe(rig.cloud.deployment.outputs.TopicArn);
  expect(mail?.subject).toBe(`nightproof OK: 3 of 3 verified, ${SLOT}`);
  const body = (mail?.message ?? '').replace(/took .*/, 'took (time)').replace(/[\d.]+ (MiB|KiB|s)\b/g, '(n) $1');
  // its time was last Sunday, so it says as well that it was late; by how much depends on today
  expect(body.split('\n').filter((line) => !line.startsWith('Late '))).toEqual([
    'OK: 3 of 3 verified',
    '',
    `Slot     ${SLOT} (${SCHEDULED_TIME.toISOString().slice(0, 10)} 02:00 UTC)`,
    'Started  by the schedule, took (time)',
    `Vault    ${rig.vault.bucket}`,
    '',
    'VERIFIED',
    '  shop',
    '    (n) MiB, 2 tables, 160,000 rows, (n) s; copied to weekly, monthly, yearly',
    '  journal',
    '    (n) MiB, 2 tables, 26,200 rows, (n) s; copied to weekly, monthly, yearly',
    '  meter',
    '    (n) MiB, 7 tables, 380,200 rows, (n) s; copied to weekly, monthly, yearly',
    '',
    'Retention: 12 backups kept, 0 removed.',
    '',
    'All details:',
    `  nightproof show ${SLOT}`,
    '',
  ]);
});

it('publishes the figures of each source and of the night', async () => {
  const { sources } = await rig.record(SLOT);
  const once = (name: string, unit: string, value: number, source?: string) => ({
    namespace: 'Nightproof',
    name,
    dimensions: source === undefined ? {} : { Source: source },
    unit,
    samples: 1,
    sum: value,
    maximum: value,
  });
  const expected = [
    ...sources.flatMap((outcome) =>
      outcome.status === 'failed'
        ? []
        : [
            once('Verified', 'Count', 1, outcome.sourceId),
            once('DumpBytes', 'Bytes', outcome.bytes, outcome.sourceId),
            once('DumpSeconds', 'Seconds', outcome.durationSeconds, outcome.sourceId),
          ],
    ),
    once('SourcesVerified', 'Count', 3),
    once('SourcesFailed', 'Count', 0),
    once('BackupsRemoved', 'Count', 0),
  ];
  const published = await rig.cloud.metrics();
  expect(published).toHaveLength(expected.length);
  expect(published).toEqual(expect.arrayContaining(expected));
});

it.each(SOURCES)('has a dump of %s that plain pg_restore turns back into the same database', async (id) => {
  const back = await restored(server.server, rig.file(dumpKey(SLOT, id)), id, `${id}_back`);
  expect(Object.keys(back.rows).length).toBeGreaterThan(1);
  expect(back).toMatchObject({ differentTables: [], differentLines: [] });
});

it('shows the password to nobody', async () => {
  expect(await leaksOf(rig, [CANARY, server.server.password], [night])).toEqual([]);
});

/** 02:00 UTC of the newest Sunday that is over. */
function lastSunday(now: Date): Date {
  const days = now.getUTCDay() || 7;
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - days, 2));
}
