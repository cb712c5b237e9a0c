import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { documentedKeys, slotStarted, twoNights } from '../support/example-history.ts';
import { ExampleRig } from '../support/example-rig.ts';

const NIGHTS = twoNights(3);
const [first, last] = NIGHTS;
const nightly = NIGHTS.map(({ slot }) => slot);

const MINIMUM = 100e6;

/** 108 MB that cannot be compressed: the file asks for 100 MB, and this is the size at which it is meant. */
const FRAMES = `CREATE TABLE frame (id int PRIMARY KEY, content bytea);
  ALTER TABLE frame ALTER content SET STORAGE EXTERNAL;
  INSERT INTO frame SELECT i, (SELECT string_agg(sha512((i * 1000000 + n)::text::bytea), '') FROM generate_series(1, 2000) n) FROM generate_series(1, 844) i`;

let example: ExampleRig;
const runs: Record<string, Execution> = {};
const keys: Record<string, string[]> = {};

beforeAll(async () => {
  example = await ExampleRig.start('rgz', { databases: { rgz: FRAMES } });
  for (const { name, scheduledTime } of NIGHTS) await run(name, { scheduledTime });
  await run('again', { scheduledTime: last.scheduledTime });
  await example.server.sql('rgz', 'TRUNCATE frame');
  await run('emptied', { reason: 'somebody emptied the database' });
});

afterAll(() => example?.stop());

async function run(name: string, input: Parameters<ExampleRig['night']>[0]): Promise<void> {
  runs[name] = await example.night(input);
  keys[name] = await example.keys();
}

it.each(NIGHTS.map(({ name, slot }, n) => [name, slot, n] as const))(
  'ends the %s night well, and has exactly the keys that the documents list',
  async (name, slot, n) => {
    expect(runs[name]).toMatchObject({ status: 'SUCCEEDED' });
    expect(await example.complaints({ slot })).toEqual([]);
    expect(keys[name]).toEqual(documentedKeys('rgz', { nightly: nightly.slice(0, n + 1) }));
  },
);

it('refuses a second run of the same night, which is complete', () => {
  expect(runs.again).toMatchObject({ status: 'SUCCEEDED', output: { claimed: false, slot: last.slot } });
  expect(keys.again).toEqual(keys[last.name]);
});

it('marks a start as late that comes more than five minutes after 03:00', async () => {
  const { lateSeconds } = await example.rig.record(first.slot);
  expect(lateSeconds).toBeGreaterThan(300);
  const [mail] = await example.rig.mails(first.slot);
  expect(mail?.message).toMatch(/^Late {5}started \d+ h \d+ min after its time$/m);
});

it('has dumps above 100 MB that plain pg_restore opens, the monthly copy in the class that the file names', async () => {
  const { receipt } = await example.rig.manifest(first.slot, 'rgz');
  expect(receipt.bytes).toBeGreaterThan(MINIMUM);
  const copy = await example.rig.manifest(first.slot, 'rgz', 'monthly');
  expect(copy).toMatchObject({ storageClass: 'GLACIER_IR', receipt: { sha256: receipt.sha256 } });
  for (const tier of ['daily', 'monthly'])
    expect((await example.opened(`${tier}/rgz_${first.slot}.dump`)).join('\n')).toContain('TABLE DATA public frame');
});

it('refuses the dump of an emptied database, and keeps all that there is', async () => {
  const emptied = runs.emptied as Execution;
  expect(emptied).toMatchObject({ status: 'FAILED', error: 'Nightproof.NightFailed' });
  const outcome = await example.rig.outcome(slotStarted(emptied), 'rgz');
  expect(outcome).toMatchObject({ status: 'failed', failure: { reason: 'too-small' } });
  expect(keys.emptied).toEqual(keys[last.name]);
});
