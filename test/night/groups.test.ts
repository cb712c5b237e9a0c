import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { foundKey, manifestKey, planKey, runFolder, runRecordKey } from '../../lib/domain/backup/keys.ts';
import { Plan } from '../../lib/domain/run/plan.ts';
import { RunRecord } from '../../lib/domain/run/run-record.ts';
import { Found, GroupFindings } from '../../lib/domain/source/found.ts';
import { foundDatabaseId } from '../../lib/domain/source/found-databases.ts';
import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { freePort } from '../../lib/local/servers/free-port.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';
import { plant } from '../support/tree-rig.ts';

const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
const FIRST_TIME = hoursAgo(5);
const SECOND_TIME = hoursAgo(4);
const FIRST = slotOf(FIRST_TIME);
const SECOND = slotOf(SECOND_TIME);
const MEDIA = { slot: SECOND, plan: 'media', attempt: 1 } as const;

const ODD = 'app "odd" näme';
/** What the server holds at first, in the order of the databases' own names. */
const ALL = [ODD, 'app_a', 'app_b'].map((name) => foundDatabaseId('all', name));

const QUIET = '2026-04-10';
const SMALL = '2026-04-12';
const FUTURE = '2099-01-01';
const archiveKey = (date: string): string => `archive/exports_${date}.tar.gz`;

let server: DatabaseRig;
let volume: string;
let rig: NightRig;
let first: Execution;
let again: Execution;
let second: Execution;
let media: Execution;
/** The sources of the tasks that each execution started, in the order of their names. */
const tasksOf = new Map<Execution, readonly string[]>();

const table = 'CREATE TABLE line AS SELECT i FROM generate_series(1, 1000) i';

beforeAll(async () => {
  volume = mkdtempSync(join(tmpdir(), 'nightproof-volume-'));
  plant(volume, { [`exports/${QUIET}/part/a.csv`]: randomBytes(8000), [`exports/${SMALL}/a.csv`]: 'few' });
  plant(volume, { [`exports/${FUTURE}/`]: '', 'uploads/one.txt': 'one', 'uploads/two.txt': 'two' });
  server = await DatabaseRig.start();
  for (const name of ['app_a', 'app_b', ODD, 'app_test', 'journal', 'spare']) await server.database(name, table);
  await server.sql('postgres', `CREATE ROLE other LOGIN SUPERUSER PASSWORD 'former'`);
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' }, changed: { secret: 'night/changed' }, away: { secret: 'night/away' } },
    secrets: {
      'night/main': server.secret(),
      'night/changed': server.secret({ username: 'other', password: 'changed' }),
      'night/away': server.secret({ port: await freePort() }),
    },
    more: {
      volumes: { media: { fileSystemId: 'fs-0123456789abcdef0', accessPointId: 'fsap-0123456789abcdef0' } },
      schedules: { media: { cron: '0 3 * * 0' } },
    },
    sources: [
      { id: 'locked', kind: 'server', connection: 'changed', include: ['spare'] },
      { id: 'away', kind: 'server', connection: 'away' },
      { id: 'all', kind: 'server', connection: 'main', include: ['app*'], excludeDatabases: ['*_test'] },
      { id: 'exports', kind: 'datedFolders', volume: 'media', folder: 'exports', settled: '1s', minSize: '2KB' },
      { id: 'journal', database: 'journal', connection: 'main' },
      { id: 'uploads', kind: 'files', volume: 'media', folder: 'uploads', schedule: 'media' },
      { id: 'journal-weekly', database: 'journal', connection: 'main', schedule: 'media' },
    ],
    cloud: { volumes: { 'fs-0123456789abcdef0': volume } },
  });

  await settled(QUIET);
  await settled(SMALL);
  first = await night(() => rig.night({ scheduledTime: FIRST_TIME.toISOString() }));

  await server.sql('postgres', `ALTER ROLE other PASSWORD 'changed'`);
  again = await night(() => rig.night({ slot: FIRST, sources: ['all', 'locked', 'exports', 'journal'] }));

  await server.sql('postgres', 'DROP DATABASE app_b');
  await server.database('app_new', table);
  writeFileSync(join(volume, 'exports', SMALL, 'a.csv'), randomBytes(8000));
  await settled(SMALL);
  // at one instant, and at once
  const beside = rig.night({ scheduledTime: SECOND_TIME.toISOString(), plan: 'media' });
  second = await night(async () => {
    const ended = await rig.night({ scheduledTime: SECOND_TIME.toISOString() });
    media = await beside;
    return ended;
  });
});

afterAll(async () => {
  await rig?.stop();
  await server?.stop();
  rmSync(volume, { recursive: true, force: true });
});

async function night(run: () => Promise<Execution>): Promise<Execution> {
  const before = rig.tasks.length;
  const execution = await run();
  const started = rig.tasks.slice(before).map(({ sourceId }) => sourceId);
  tasksOf.set(execution, started.sort());
  return execution;
}

/** Waits until what was planted has stood still for as long as its source asks. */
const settled = (date: string): Promise<void> =>
  vi.waitFor(
    () => {
      const names = ['', 'a.csv', 'part', 'part/a.csv'].map((name) => join(volume, 'exports', date, name));
      const changes = names.map((name) => statSync(name, { throwIfNoEntry: false })?.ctimeMs ?? 0);
      expect(Date.now() - Math.max(...changes)).toBeGreaterThan(1100);
    },
    { timeout: 10_000, interval: 50 },
  );

const mailOf = async (slot: Slot, isIt: (text: string) => boolean): Promise<string> =>
  (await rig.mails(slot)).map(({ message }) => message).find(isIt) ?? '';

const ofPlan = (text: string): boolean => text.includes('\nPlan     media\n');

const statusOf = ({ sources }: RunRecord): Record<string, string> =>
  Object.fromEntries(sources.map((one) => [one.sourceId, one.status === 'failed' ? one.failure.reason : one.status]));

describe('a night with groups', () => {
  it('makes an artifact of its own of each database of the server, and of each folder that is due', async () => {
    expect(statusOf(await rig.record(FIRST))).toEqual({
      journal: 'verified',
      ...Object.fromEntries(ALL.map((id) => [id, 'verified'])),
      [`exports_${QUIET}`]: 'verified',
      [`exports_${SMALL}`]: 'too-small',
      locked: 'auth',
      away: 'unreachable',
    });
    for (const id of ALL) {
      const manifest = await rig.manifest(FIRST, id);
      expect(manifest).toMatchObject({ sourceId: id, kind: 'database', slot: FIRST, key: dumpKey(FIRST, id), proof: 'verified' });
      expect(foundDatabaseId('all', manifest.database ?? '')).toBe(id);
    }
    const archived = await rig.keys(archiveKey(QUIET));
    expect(archived).toEqual([archiveKey(QUIET), manifestKey(archiveKey(QUIET)), expect.stringContaining('.members-')]);
  });

  it('leaves the databases out that it shall, and those of other plans', async () => {
    const artifacts = (await rig.keys('daily/')).filter((key) => key.includes(FIRST) && key.endsWith('.dump'));
    // the last of them came with the second attempt
    expect(artifacts).toEqual([...ALL, 'journal', 'locked-spare'].map((id) => dumpKey(FIRST, id)).sort());
  });

  it('writes down what each group held, and what all held together', async () => {
    const run = { slot: FIRST, attempt: 1 };
    const found = await rig.read(foundKey(run), Found);
    expect(found.sources.map(({ id }) => id)).toEqual([...ALL, `exports_${QUIET}`, `exports_${SMALL}`]);
    expect(found).toMatchObject({ failedGroups: ['locked', 'away'], alreadyVerified: [] });
    const waits = `${FUTURE} waits for a later run: it is younger than 24 h 00 min`;
    expect(found.notes).toEqual([{ groupId: 'exports', text: waits }]);
    expect(await rig.read(foundKey(run, 'exports'), GroupFindings)).toMatchObject({ present: [QUIET, SMALL, FUTURE] });
    for (const id of found.failedGroups) expect(await rig.keys(foundKey(run, id))).toEqual([]);
  });

  it('looks into a group again where that can help, and starts one task for each thing it found', () => {
    const discovered = ['all', 'exports', 'locked', ...Array.from({ length: 4 }, () => 'away')];
    const dumped = [...ALL, 'journal', `exports_${QUIET}`, `exports_${SMALL}`];
    expect(tasksOf.get(first)).toEqual([...discovered, ...dumped].sort());
  });

  it('reports the groups that it could not look into, with reason, remedy and tries, and stops nothing for them', async () => {
    expect(first).toMatchObject({ status: 'FAILED', error: 'Nightproof.NightFailed' });
    expect(await rig.outcome(FIRST, 'locked')).toMatchObject({ status: 'failed', tries: 1, failure: { reason: 'auth' } });
    expect(await rig.outcome(FIRST, 'away')).toMatchObject({ status: 'failed', tries: 4, failure: { reason: 'unreachable' } });
    const [mail] = await rig.mails(FIRST);
    expect(mail?.subject).toBe(`nightproof FAILED: 3 of ${ALL.length + 5} failed, ${FIRST}`);
    expect(mail?.message).toMatch(/FAILED {2}locked\n {2}Reason {6}auth: connecting to 127\.0\.0\.1:\d+: SQLSTATE 28P01/);
    expect(mail?.message).toMatch(/FAILED {2}away \(4 tries\)\n {2}Reason {6}unreachable: /);
  });
});

describe('a second attempt at its slot', () => {
  it('dumps nothing again that is verified, found or written down', async () => {
    const todo = ['locked-spare', `exports_${SMALL}`];
    expect(tasksOf.get(again)).toEqual(['all', 'exports', 'locked', ...todo].sort());
    const found = await rig.read(foundKey({ slot: FIRST, attempt: 2 }), Found);
    expect(found).toMatchObject({ alreadyVerified: ALL, failedGroups: [] });
    for (const id of ALL)
      expect(await rig.versions(dumpKey(FIRST, id))).toEqual({ [dumpKey(FIRST, id)]: 1, [manifestKey(dumpKey(FIRST, id))]: 1 });
  });

  it('dumps what a group holds that it can look into now', async () => {
    const record = await rig.record(FIRST, 2);
    expect(statusOf(record)).toEqual({ 'locked-spare': 'verified', [`exports_${SMALL}`]: 'too-small' });
    expect(record.alreadyVerified).toEqual(['journal', ...ALL]);
    expect(again.status).toBe('FAILED');
    const mail = await mailOf(FIRST, (text) => text.includes('attempt 2'));
    expect(mail).toContain(['VERIFIED BY AN EARLIER ATTEMPT', ...record.alreadyVerified].join('\n  '));
  });
});

describe('the next night', () => {
  it('tells which databases appeared and which vanished, and keeps the backups of those', async () => {
    const mail = (await mailOf(SECOND, (text) => !ofPlan(text))).replace(/\s+/g, ' ');
    expect(mail).toContain('FOUND all: "app_new": appeared since the last run');
    expect(mail).toContain('all: "app_b": no longer there (what was backed up of it is kept)');
    const { notes } = await rig.record(SECOND);
    expect(notes?.filter(({ groupId }) => groupId === 'all')).toHaveLength(2);
    const gone = dumpKey(FIRST, foundDatabaseId('all', 'app_b'));
    expect(await rig.keys(gone)).toEqual([gone, manifestKey(gone)]);
  });

  it('archives the folder that failed before, and none that is archived', async () => {
    expect(statusOf(await rig.record(SECOND))).toEqual({
      journal: 'verified',
      'all-app_a': 'verified',
      'all-app_new': 'verified',
      [foundDatabaseId('all', ODD)]: 'verified',
      'locked-spare': 'verified',
      [`exports_${SMALL}`]: 'verified',
      away: 'unreachable',
    });
    for (const date of [QUIET, SMALL]) expect(await rig.versions(archiveKey(date))).toMatchObject({ [archiveKey(date)]: 1 });
    expect(tasksOf.get(second)).not.toContain(`exports_${QUIET}`);
  });
});

describe('another plan at the same instant', () => {
  it('runs beside it, with records of its own', async () => {
    expect(media).toMatchObject({ status: 'SUCCEEDED', output: { summary: `nightproof OK: 2 of 2 verified, ${SECOND}` } });
    expect(await rig.read(planKey(MEDIA), Plan)).toMatchObject({ plan: 'media', attempt: 1, execution: media.arn });
    const record = await rig.read(runRecordKey(MEDIA), RunRecord);
    expect(record).toMatchObject({ plan: 'media', slot: SECOND, attempt: 1, status: 'ok' });
    expect(statusOf(record)).toEqual({ uploads: 'verified', 'journal-weekly': 'verified' });

    const nightly = await rig.record(SECOND);
    expect(nightly).toMatchObject({ attempt: 1, execution: second.arn });
    expect(Object.keys(statusOf(nightly))).not.toEqual(expect.arrayContaining(['uploads']));
    expect(runFolder(MEDIA)).toMatch(/\.media\/$/);
    const shared = (await rig.keys(runFolder({ slot: SECOND }))).filter((key) => !/\/try-\d+\.json$/.test(key));
    expect(shared.join()).not.toMatch(/uploads|journal-weekly/);
  });

  it('has the stamp of the night in its artifacts', async () => {
    for (const key of [`daily/uploads_${SECOND}.tar.gz`, dumpKey(SECOND, 'journal-weekly'), dumpKey(SECOND, 'journal')])
      expect(await rig.keys(manifestKey(key))).toEqual([manifestKey(key)]);
  });

  it('sends a report of its own', async () => {
    expect(await rig.mails(SECOND)).toHaveLength(2);
    const mail = await mailOf(SECOND, ofPlan);
    expect(mail).toContain('OK: 2 of 2 verified');
    expect(mail).toContain(`nightproof show ${SECOND} --plan media\n`);
  });
});
