import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestKey, tryKey } from '../../lib/domain/backup/keys.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { type Death, FaultProxy } from '../support/fault-proxy.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';
import { restored } from '../support/restored.ts';

const SCHEDULED_TIME = new Date(Date.now() - 3_600_000);
const SLOT = slotOf(SCHEDULED_TIME);

interface DeathOfTask {
  readonly id: string;
  readonly when: Death['when'];
  readonly words: string;
}

/** When the first task of a source is killed. */
const DEATHS: readonly DeathOfTask[] = [
  { id: 'before', when: 'asked', words: 'right before the store hears its CompleteMultipartUpload' },
  { id: 'unheard', when: 'done', words: 'when its CompleteMultipartUpload is done, and before it hears of it' },
  { id: 'after', when: 'answered', words: 'right after its CompleteMultipartUpload was answered' },
];

/** A source whose tasks all die just before. */
const NEVER = 'never';
const TRIES = 4;

let server: DatabaseRig;
let proxy: FaultProxy;
let rig: NightRig;
let night: Execution;

beforeAll(async () => {
  server = await DatabaseRig.start();
  await server.database('shop', `CREATE TABLE purchase AS SELECT i, md5(i::text) AS note FROM generate_series(1, 20000) i`);
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' } },
    secrets: { 'night/main': server.secret() },
    sources: [...DEATHS.map(({ id }) => id), NEVER].map((id) => ({ id, database: 'shop', connection: 'main' })),
    cloud: {
      s3OfTasks: async (endpoint) => {
        proxy = await FaultProxy.start(endpoint);
        return proxy.endpoint;
      },
    },
  });
  for (const { id, when } of DEATHS) planDeath(id, when, 1);
  planDeath(NEVER, 'asked', TRIES);
  night = await rig.night({ scheduledTime: SCHEDULED_TIME.toISOString() });
});

afterAll(async () => {
  await rig?.stop();
  await proxy?.stop();
  await server?.stop();
});

/** CompleteMultipartUpload is the one POST that names an upload. */
function planDeath(id: string, when: Death['when'], times: number): void {
  const kill = (): void => {
    const task = rig.tasks.findLast(({ sourceId }) => sourceId === id);
    if (task) process.kill(task.pid, 'SIGKILL');
  };
  proxy.plan({ when, kill }, 'POST', `${dumpKey(SLOT, id)}?uploadId=`, times);
}

const tasksOf = (id: string) => rig.tasks.filter(({ sourceId }) => sourceId === id);

const resultsOf = async (id: string): Promise<string[]> => (await rig.tries(SLOT, id)).map(({ result }) => result);

it('killed every task that it meant to kill', () => {
  expect(proxy.unmet).toBe(0);
});

describe.each(DEATHS)('a task that dies $words', ({ id }) => {
  it('is followed by one that ends verified', async () => {
    expect(await rig.outcome(SLOT, id)).toMatchObject({ status: 'verified', tries: 2, warnings: [] });
    expect(tasksOf(id)).toHaveLength(2);
  });

  it('leaves one object and one manifest, and no upload', async () => {
    const key = dumpKey(SLOT, id);
    expect(await rig.versions(key)).toEqual({ [key]: 1, [manifestKey(key)]: 1 });
    expect((await rig.openUploads()).filter((open) => open === key)).toEqual([]);
  });

  it('leaves a dump that restores to the same database', async () => {
    const back = await restored(server.server, rig.file(dumpKey(SLOT, id)), 'shop', `shop_${id}`);
    expect(back).toEqual({ differentTables: [], differentLines: [], rows: { 'public.purchase': 20_000 } });
  });
});

it('dumps again what had not become an object, and believes the receipt of the second dump only', async () => {
  expect(await resultsOf('before')).toEqual(['receipt', 'receipt']);
  expect((await rig.manifest(SLOT, 'before')).verification.tryKey).toBe(tryKey(SLOT, 'before', 2));
});

it.each(['unheard', 'after'])('adopts the object that was there (%s) by the receipt of the task that died', async (id) => {
  expect(await resultsOf(id)).toEqual(['receipt']);
  expect((await rig.manifest(SLOT, id)).verification.tryKey).toBe(tryKey(SLOT, id, 1));
  const [first, second] = tasksOf(id).map(({ logFile }) => readFileSync(logFile, 'utf8'));
  expect(first).toContain('Dump:Completing');
  expect(second).toContain('Dump:Adopted');
  expect(second).not.toContain('Dump:Streaming');
});

it('takes receipts without an object for nothing', async () => {
  expect(await resultsOf(NEVER)).toEqual(Array(TRIES).fill('receipt'));
  expect(await rig.versions(`daily/${NEVER}_`)).toEqual({});
  expect(await rig.outcome(SLOT, NEVER)).toMatchObject({ status: 'failed', tries: TRIES, failure: { reason: 'interrupted' } });
  const summary = `nightproof FAILED: 1 of 4 failed, ${SLOT}`;
  expect(night).toMatchObject({ status: 'FAILED', error: 'Nightproof.NightFailed', cause: summary });
});
