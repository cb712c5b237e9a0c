import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestKey, runFolder } from '../../lib/domain/backup/keys.ts';
import type { ExecutionInput } from '../../lib/domain/run/plan.ts';
import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import type { Json } from '../../lib/local/cloud/json.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';
import { PostgresGate } from '../support/postgres-gate.ts';

const SOURCES = ['shop', 'journal'];

/** A slot of some hours ago: every start of it comes late. */
function earlier(hours: number): { readonly slot: Slot; readonly scheduled: { readonly scheduledTime: string } } {
  const time = new Date(Date.now() - hours * 3_600_000);
  return { slot: slotOf(time), scheduled: { scheduledTime: time.toISOString() } };
}

let server: DatabaseRig;
let gate: PostgresGate;
let rig: NightRig;

beforeAll(async () => {
  server = await DatabaseRig.start();
  for (const name of SOURCES) await makeDatabase(name);
  gate = await PostgresGate.before(server.server);
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main', port: gate.port } },
    secrets: { 'night/main': server.secret() },
    sources: SOURCES.map((id) => ({ id, database: id, connection: 'main' })),
  });
});

afterAll(async () => {
  await rig?.stop();
  gate?.close();
  await server?.stop();
});

const makeDatabase = (name: string): Promise<string> =>
  server.database(name, 'CREATE TABLE line AS SELECT i FROM generate_series(1, 1000) i');

/** The sources of the tasks that are started from here on. */
function tasksFromNow(): () => string[] {
  const before = rig.tasks.length;
  return () =>
    rig.tasks
      .slice(before)
      .map(({ sourceId }) => sourceId)
      .sort();
}

/** Holds the next dumps back; fulfilled when so many stand still. */
async function held(dumps: number): Promise<void> {
  gate.hold({ rows: 500, times: dumps });
  for (let n = 0; n < dumps; n++) await once(gate, 'held');
}

/** Starts an execution twice at once. The one that ends first cannot be the one that dumps: that is held back until then. */
async function startTwice(input: ExecutionInput): Promise<{ readonly winner: Execution; readonly loser: Execution }> {
  const standing = held(1);
  const [one, two] = [start(input), start(input)] as const;
  const loser = await Promise.race([one.ended, two.ended]);
  await standing;
  gate.release();
  return { winner: await (loser === one ? two : one).ended, loser };
}

const start = (input: ExecutionInput): Execution => rig.cloud.startExecution(input as unknown as Json);

const nothingToDo = (slot: Slot, reason: unknown): object => ({
  status: 'SUCCEEDED',
  output: { claimed: false, slot, reason },
});

const belongsTo = ({ arn }: Execution): unknown => expect.stringMatching(new RegExp(`belongs to ${arn} since 20.*Z$`));

const statesOf = ({ events }: Execution): string[] =>
  events.flatMap((event) => (event.type === 'StateEntered' && event.item === undefined ? [event.state] : []));

describe('two starts of one slot at once', () => {
  const { slot, scheduled } = earlier(6);
  let winner: Execution;
  let loser: Execution;
  let tasks: string[];

  beforeAll(async () => {
    const started = tasksFromNow();
    ({ winner, loser } = await startTwice(scheduled));
    tasks = started();
  });

  it('let one run, in the slot of the schedule though it is hours late', async () => {
    expect(winner).toMatchObject({ status: 'SUCCEEDED', output: { status: 'ok' } });
    expect(await rig.record(slot)).toMatchObject({ slot, attempt: 1, execution: winner.arn, status: 'ok' });
    expect(await rig.keys('daily/')).toEqual(SOURCES.flatMap((id) => [dumpKey(slot, id), manifestKey(dumpKey(slot, id))]).sort());
  });

  it('end the other well, with the name of the owner', () => {
    expect(loser).toMatchObject(nothingToDo(slot, belongsTo(winner)));
    expect(statesOf(loser)).toEqual(['Plan', 'Claimed?', 'NothingToDo']);
  });

  it('dump each source once, and send one report', async () => {
    expect(tasks).toEqual([...SOURCES].sort());
    expect(await rig.mails(slot)).toHaveLength(1);
  });

  it.each([
    ['the schedule again', scheduled],
    ['hand', { slot }],
    ['hand, for one of its sources', { slot, sources: ['shop'] }],
  ])('leave nothing to do for a start by %s', async (_, input) => {
    const started = tasksFromNow();
    const reason = `slot ${slot} is complete: every source asked for is verified in it`;
    expect(await rig.night(input)).toMatchObject(nothingToDo(slot, reason));
    expect(started()).toEqual([]);
    expect(await rig.mails(slot)).toHaveLength(1);
  });
});

describe('a slot in which a source failed', () => {
  const { slot, scheduled } = earlier(5);
  const dump = dumpKey(slot, 'shop');
  let first: Execution;
  let winner: Execution;
  let loser: Execution;
  let tasks: string[];
  let before: unknown;

  beforeAll(async () => {
    await server.sql('postgres', 'DROP DATABASE journal');
    first = await rig.night(scheduled);
    before = [await rig.versions(dump), await rig.manifest(slot, 'shop')];

    await makeDatabase('journal');
    const started = tasksFromNow();
    ({ winner, loser } = await startTwice({ slot }));
    tasks = started();
  });

  it('is a failed execution at first, with a record', async () => {
    expect(first).toMatchObject({ status: 'FAILED', error: 'Nightproof.NightFailed' });
    const { sources } = await rig.record(slot);
    expect(sources).toMatchObject([
      { sourceId: 'shop', status: 'verified' },
      { sourceId: 'journal', status: 'failed', failure: { reason: 'no-database' } },
    ]);
  });

  it('is finished by one of two starts: only the source that failed is dumped', async () => {
    const { execution, alreadyVerified, attempt } = await rig.plan(slot, 2);
    expect([attempt, alreadyVerified, execution]).toEqual([2, ['shop'], winner.arn]);
    expect(winner).toMatchObject({ status: 'SUCCEEDED', output: { summary: `nightproof OK: 2 of 2 verified, ${slot}` } });
    expect(loser).toMatchObject(nothingToDo(slot, belongsTo(winner)));
    expect(tasks).toEqual(['journal']);
  });

  it('keeps the object and the manifest of the source that was verified before', async () => {
    expect(await rig.versions(dump)).toEqual({ [dump]: 1, [manifestKey(dump)]: 1 });
    expect([await rig.versions(dump), await rig.manifest(slot, 'shop')]).toEqual(before);
  });

  it('has a record of each attempt, and a report that tells of both', async () => {
    expect(await rig.record(slot)).toMatchObject({ attempt: 1, status: 'failed' });
    expect(await rig.record(slot, 2)).toMatchObject({
      attempt: 2,
      trigger: 'manual',
      status: 'ok',
      alreadyVerified: ['shop'],
      sources: [{ sourceId: 'journal', status: 'verified' }],
    });
    const [, second] = await rig.mails(slot);
    expect(second?.message).toContain('attempt 2');
    expect(second?.message).toContain('VERIFIED BY AN EARLIER ATTEMPT\n  shop');
  });
});

describe('a slot whose run was aborted', () => {
  const { slot, scheduled } = earlier(4);
  let aborted: Execution;

  beforeAll(async () => {
    const standing = held(SOURCES.length);
    const running = start(scheduled);
    await standing;
    aborted = await running.stop();
  });

  it('has neither object nor open upload of the dump that was stopped', async () => {
    expect(aborted.status).toBe('ABORTED');
    expect(await rig.openUploads()).toEqual([]);
    for (const id of SOURCES) {
      expect(await rig.versions(dumpKey(slot, id))).toEqual({});
      expect(await rig.tries(slot, id)).toMatchObject([{ result: 'failure', failure: { reason: 'cancelled' } }]);
    }
  });

  it('stays claimed: that nobody runs it any more is sure only when its lease has passed', async () => {
    const { claimedAt, leaseUntil } = await rig.plan(slot);
    expect(Date.parse(leaseUntil) - Date.parse(claimedAt)).toBe(13 * 3_600_000);
    expect(await rig.night({ slot })).toMatchObject(nothingToDo(slot, belongsTo(aborted)));
  });

  it('does not keep a run by hand from a slot of its own', async () => {
    const night = await rig.night({ sources: ['shop'], reason: 'the night was aborted' });
    expect(night).toMatchObject({ status: 'SUCCEEDED', output: { status: 'ok' } });
    const own = slotOf(night.startDate);
    expect(await rig.record(own)).toMatchObject({ slot: own, trigger: 'manual', reason: 'the night was aborted' });
    expect((await rig.keys(runFolder({ slot: own }))).length).toBeGreaterThan(0);
  });
});
