import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { documentedKeys, slotStarted, sundayOf, twoNights } from '../support/example-history.ts';
import { ExampleRig } from '../support/example-rig.ts';

const NIGHTS = twoNights(2);
const [, last] = NIGHTS;
const sunday = sundayOf(NIGHTS).slot;
const nightly = NIGHTS.map(({ slot }) => slot);

let example: ExampleRig;
const runs: Record<string, Execution> = {};
const keys: Record<string, string[]> = {};

beforeAll(async () => {
  example = await ExampleRig.start('igny8', {
    databases: {
      igny8: `CREATE TABLE invoice (id int PRIMARY KEY, tenant int, cents int);
        INSERT INTO invoice SELECT i, i % 7, i * 100 FROM generate_series(1, 1000) i;
        CREATE ROLE igny8_app LOGIN PASSWORD 'hashed in the catalogue'; GRANT SELECT ON invoice TO igny8_app`,
    },
    volumes: {
      app: {
        'sites-data/example.org/index.html': '<h1>published</h1>',
        'igny8/sites/uploads/logo.svg': '<svg/>',
        'igny8/backend/logs/publish-sync-logs/1.log': 'synced',
        'logs/app.log': 'started',
        'igny8/backend/manage.py': 'not among the sites',
      },
    },
  });
  for (const { name, scheduledTime } of NIGHTS) await run(name, { scheduledTime });
  await run('again', { scheduledTime: last.scheduledTime });
  await run('byHand', { sources: ['logs'], reason: 'a support case' });
});

afterAll(() => example?.stop());

async function run(name: string, input: Parameters<ExampleRig['night']>[0]): Promise<void> {
  runs[name] = await example.night(input);
  keys[name] = await example.keys();
}

const runOf = (name: string): Execution => runs[name] as Execution;

it.each(NIGHTS.map(({ name, slot }, n) => [name, slot, n] as const))(
  'ends the %s night well, and has exactly the keys that the documents list',
  async (name, slot, n) => {
    expect(runOf(name)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await example.complaints({ slot })).toEqual([]);
    expect(keys[name]).toEqual(documentedKeys('igny8', { nightly: nightly.slice(0, n + 1) }));
  },
);

it('refuses a second run of the same night, which is complete', () => {
  expect(runOf('again')).toMatchObject({ status: 'SUCCEEDED', output: { claimed: false, slot: last.slot } });
  expect(keys.again).toEqual(keys[last.name]);
});

it('backs up the logs when somebody asks for them, and only then', async () => {
  const slot = slotStarted(runOf('byHand'));
  expect(runOf('byHand')).toMatchObject({ status: 'SUCCEEDED', output: { status: 'ok' } });
  expect(keys.byHand).toEqual(documentedKeys('igny8', { nightly, byHand: { logs: [slot] } }));
  const files = (await example.opened(`daily/logs_${slot}.tar.gz`)).filter((name) => !name.endsWith('/'));
  expect(files).toEqual(['igny8/backend/logs/publish-sync-logs/1.log', 'logs/app.log']);
});

it('has both folders of the sites in one archive, and nothing else', async () => {
  const files = (await example.opened(`daily/sites_${sunday}.tar.gz`)).filter((name) => !name.endsWith('/'));
  expect(files).toEqual(['igny8/sites/uploads/logo.svg', 'sites-data/example.org/index.html']);
});

it('has the roles in a file of their own that only the identity opens, and plain pg_restore opens the database', async () => {
  expect((await example.opened(`daily/igny8_globals_${sunday}.sql.age`)).join('\n')).toContain('CREATE ROLE igny8_app');
  const [header] = example.stored(`daily/igny8_globals_${sunday}.sql.age`);
  expect(header).toBe('age-encryption.org/v1');
  const toc = (await example.opened(`weekly/igny8_${sunday}.dump`)).join('\n');
  expect(toc).toContain('TABLE DATA public invoice');
  expect(toc).not.toContain('igny8_app LOGIN');
});
