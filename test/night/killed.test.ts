import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { REASONS, type Reason } from '../../lib/domain/outcomes.ts';
import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';
import { PostgresGate } from '../support/postgres-gate.ts';
import { childOf, idle } from '../support/processes.ts';
import { restored } from '../support/restored.ts';

/** 48 MB in one table, a kB each, not compressed: two whole parts of 16 MiB, and a bit. */
const ROWS = 48_000;
const MAKE_STREAM = `CREATE TABLE stream (id int, body text);
  INSERT INTO stream SELECT i, repeat(md5(i::text), 31) FROM generate_series(1, ${ROWS}) i`;
const FIRST_PART_ROWS = 17_000;

/** A first try and three more. */
const TRIES = 4;

/** Who is killed, by which signal, when so many rows are on their way. */
interface Killing {
  readonly id: string;
  readonly who: 'pg_dump' | 'pg_restore' | 'task';
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly rows: number;
  readonly reason: Reason;
}

const POINTS = [0, 1, 0.12, 0.25, 0.37, 0.5, 0.62, 0.75, 0.87, ROWS];

const DUMPS: readonly Killing[] = POINTS.map((point, n) => ({
  id: `dump-${n}`,
  who: 'pg_dump',
  signal: 'SIGKILL',
  rows: point > 0 && point < 1 ? ROWS * point : point,
  reason: 'truncated',
}));
const RESTORE: Killing = { id: 'restore', who: 'pg_restore', signal: 'SIGKILL', rows: ROWS / 2, reason: 'decode' };
const STOPPED: Killing = { id: 'stopped', who: 'task', signal: 'SIGTERM', rows: ROWS / 2, reason: 'cancelled' };
const VANISHED: Killing = { id: 'vanished', who: 'task', signal: 'SIGKILL', rows: ROWS / 2, reason: 'interrupted' };

const KILLINGS = [...DUMPS, RESTORE, STOPPED, VANISHED];
const UNHARMED = ['before', 'beside', 'after'];

let server: DatabaseRig;
let rig: NightRig;
const gates = new Map<string, PostgresGate>();
/** Whether the source had an upload open when somebody was killed. */
const openWhenKilled = new Map<string, boolean>();
const faults: string[] = [];

beforeAll(async () => {
  server = await DatabaseRig.start();
  await server.database('big', MAKE_STREAM);
  await server.database('small', `CREATE TABLE note AS SELECT i FROM generate_series(1, 100) i`);
  for (const { id } of KILLINGS) gates.set(id, await PostgresGate.before(server.server));
  const through = ([id, { port }]: [string, PostgresGate]) => [id, { secret: 'night/main', port }] as const;
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' }, ...Object.fromEntries([...gates].map(through)) },
    secrets: { 'night/main': server.secret() },
    sources: [
      { id: 'before', database: 'small', connection: 'main' },
      ...KILLINGS.slice(0, 7).map(({ id }) => ({ id, database: 'big', connection: id, compression: 'none' })),
      { id: 'beside', database: 'big', connection: 'main' },
      ...KILLINGS.slice(7).map(({ id }) => ({ id, database: 'big', connection: id, compression: 'none' })),
      { id: 'after', database: 'small', connection: 'main' },
    ],
  });
  for (const killing of KILLINGS) gates.get(killing.id)?.on('held', () => void kill(killing).catch(giveUp));
});

afterAll(async () => {
  await rig?.stop();
  for (const gate of gates.values()) gate.close();
  await server?.stop();
});

/** Kills at the point where the dump stands still, when everything that was on its way has arrived. */
async function kill({ id, who, signal, rows }: Killing): Promise<void> {
  const task = rig.tasks.findLast(({ sourceId }) => sourceId === id);
  if (!task) throw new Error(`no task of ${id} was started`);
  await idle(childOf(task.pid, 'pg_dump'));
  await idle(childOf(task.pid, 'pg_restore'));
  if (rows > FIRST_PART_ROWS) await vi.waitFor(async () => expect(await hasUpload(id)).toBe(true), { timeout: 60_000 });
  openWhenKilled.set(id, await hasUpload(id));
  process.kill(who === 'task' ? task.pid : childOf(task.pid, who), signal);
}

const hasUpload = async (id: string): Promise<boolean> => (await rig.openUploads()).some((key) => key.startsWith(`daily/${id}_`));

/** A killing that failed must not leave the night standing still. */
function giveUp(fault: unknown): void {
  faults.push(String(fault));
  for (const gate of gates.values()) gate.close();
}

const holdAll = (killings: readonly Killing[], times: number): void => {
  for (const { id, rows } of killings) gates.get(id)?.hold({ rows, times });
};

const mailOf = async (slot: Slot): Promise<string> => (await rig.mails(slot))[0]?.message.replace(/\s+/g, ' ') ?? '';

describe('a night in which every try is killed', () => {
  const SLOT_TIME = new Date(Date.now() - 3_600_000);
  const SLOT = slotOf(SLOT_TIME);
  let night: Execution;

  beforeAll(async () => {
    holdAll(KILLINGS, TRIES);
    night = await rig.night({ scheduledTime: SLOT_TIME.toISOString() });
  });

  it('is a failed execution that says how many', () => {
    expect(night).toMatchObject({
      status: 'FAILED',
      error: 'Nightproof.NightFailed',
      cause: `nightproof FAILED: ${KILLINGS.length} of ${KILLINGS.length + UNHARMED.length} failed, ${SLOT}`,
    });
  });

  it.each(KILLINGS)('has no backup of $id ($who, $signal at row $rows): no object, no manifest, no version', async ({ id }) => {
    expect(await rig.versions(`daily/${id}_`)).toEqual({});
  });

  it.each(KILLINGS)('writes down for $id each of its tries, and why it failed', async ({ id, reason }) => {
    expect(await rig.outcome(SLOT, id)).toMatchObject({
      status: 'failed',
      tries: TRIES,
      failure: { reason, remedy: REASONS[reason].remedy },
    });
    const tries = await rig.tries(SLOT, id);
    const wrote = id === VANISHED.id ? 0 : TRIES;
    expect(tries.map((record) => record.result === 'failure' && record.failure.reason)).toEqual(Array(wrote).fill(reason));
    expect(rig.tasks.filter(({ sourceId }) => sourceId === id)).toHaveLength(TRIES);
  });

  it('killed pg_dump at ten points of the stream, some before and some after the first part was stored', async () => {
    const details = await Promise.all(
      DUMPS.map(async ({ id }) => {
        const outcome = await rig.outcome(SLOT, id);
        return outcome.status === 'failed' ? outcome.failure.detail : '';
      }),
    );
    const bytes = details.map((detail) => Number(/^pg_dump: signal SIGKILL after (\d+) bytes$/.exec(detail)?.[1]));
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(new Set(bytes).size).toBeGreaterThanOrEqual(9);
    expect(bytes.at(-1)).toBeGreaterThan(ROWS * 990);
    for (const { id, rows } of DUMPS) expect([id, openWhenKilled.get(id)]).toEqual([id, rows > FIRST_PART_ROWS]);
  });

  it('leaves no upload open, but for that of the task that was killed outright, which the lifecycle rule of the vault ends', async () => {
    expect(await rig.openUploads()).toEqual([dumpKey(SLOT, VANISHED.id)]);
  });

  it('tells the operator of each, with the remedy', async () => {
    const mail = await mailOf(SLOT);
    for (const { id, reason } of KILLINGS) {
      expect(mail).toContain(`FAILED ${id} (${TRIES} tries) Reason ${reason}: `);
      expect(mail).toContain(`What to do ${REASONS[reason].remedy}`);
    }
  });

  it('verifies the other sources all the same', async () => {
    for (const id of UNHARMED) expect(await rig.outcome(SLOT, id)).toMatchObject({ status: 'verified', tries: 1, warnings: [] });
    const { sources } = await rig.record(SLOT);
    expect(sources.filter(({ status }) => status === 'verified').map(({ sourceId }) => sourceId)).toEqual(UNHARMED);
    const back = await restored(server.server, rig.file(dumpKey(SLOT, 'beside')), 'big', 'big_beside');
    expect(back).toMatchObject({ differentTables: [], differentLines: [], rows: { 'public.stream': ROWS } });
  });
});

describe('a night in which only first tries are killed', () => {
  const killed = [...DUMPS.slice(5, 7), RESTORE, STOPPED, VANISHED];
  let night: Execution;
  let slot: Slot;

  beforeAll(async () => {
    holdAll(KILLINGS, 0);
    holdAll(killed, 1);
    night = await rig.night({ sources: ['beside', ...killed.map(({ id }) => id)] });
    slot = slotOf(night.startDate);
  });

  it('is a good night: the second tries succeed', async () => {
    const all = killed.length + 1;
    const summary = `nightproof OK: ${all} of ${all} verified, ${slot}`;
    expect(night).toMatchObject({ status: 'SUCCEEDED', output: { status: 'ok', summary } });
    const { sources } = await rig.record(slot);
    const tries = Object.fromEntries(sources.map((outcome) => [outcome.sourceId, outcome.tries]));
    expect(tries).toEqual({ beside: 1, ...Object.fromEntries(killed.map(({ id }) => [id, 2])) });
  });

  it.each(killed)('has the failed try of $id on record beside the good one', async ({ id, reason }) => {
    const reasons = (await rig.tries(slot, id)).map((record) =>
      record.result === 'failure' ? record.failure.reason : record.result,
    );
    expect(reasons).toEqual(id === VANISHED.id ? ['receipt'] : [reason, 'receipt']);
  });

  it.each(killed)('has one object and one manifest of $id, and the dump restores', async ({ id }) => {
    const key = dumpKey(slot, id);
    expect(await rig.versions(key)).toEqual({ [key]: 1, [manifestKey(key)]: 1 });
    const back = await restored(server.server, rig.file(key), 'big', `big_${id}`);
    expect(back).toMatchObject({ differentTables: [], differentLines: [], rows: { 'public.stream': ROWS } });
  });

  it('leaves no upload open: the second try ends that of the task that was killed outright', async () => {
    expect(openWhenKilled.get(VANISHED.id)).toBe(true);
    expect((await rig.openUploads()).filter((key) => key.includes(slot))).toEqual([]);
  });
});

it('killed all that it meant to kill', () => {
  expect(faults).toEqual([]);
});
