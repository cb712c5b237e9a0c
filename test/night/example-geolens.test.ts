import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { documentedKeys, type Night, sundayOf, threeNights } from '../support/example-history.ts';
import { ExampleRig } from '../support/example-rig.ts';

const NIGHTS = threeNights(2);
const [, , last] = NIGHTS;
const sunday = sundayOf(NIGHTS).slot;
const nightly = NIGHTS.map(({ slot }) => slot);

let example: ExampleRig;
const runs: Record<string, Execution> = {};
const keys: Record<string, string[]> = {};

beforeAll(async () => {
  example = await ExampleRig.start('geolens', {
    databases: {
      geolens: `CREATE SCHEMA catalog;
        CREATE TABLE catalog.datasets (id serial PRIMARY KEY, title text, file text);
        INSERT INTO catalog.datasets (title, file) SELECT 'set ' || i, 'upload-' || i || '.tif' FROM generate_series(1, 300) i;
        CREATE ROLE geolens_reader; GRANT USAGE ON SCHEMA catalog TO geolens_reader; GRANT SELECT ON catalog.datasets TO geolens_reader`,
    },
    volumes: { staging: { 'upload-1.tif': 'II*', 'incoming/a b.zip': 'PK' } },
  });
  for (const night of NIGHTS) await run(night.name, night);
  await run('again', last);
});

afterAll(() => example?.stop());

async function run(name: string, { scheduledTime }: Night): Promise<void> {
  runs[name] = await example.night({ scheduledTime });
  keys[name] = await example.keys();
}

it.each(NIGHTS.map(({ name, slot }, n) => [name, slot, n] as const))(
  'ends the %s night well, and has exactly the keys that the documents list: by number, nothing is too old',
  async (name, slot, n) => {
    expect(runs[name]).toMatchObject({ status: 'SUCCEEDED' });
    // two weeks back, the newest backup is so old that the clock is in doubt
    const complaints = await example.complaints({ slot });
    expect(complaints.filter((text) => name !== 'earlier' || !text.includes('nothing is removed'))).toEqual([]);
    expect(keys[name]).toEqual(documentedKeys('geolens', { nightly: nightly.slice(0, n + 1) }));
  },
);

it('refuses a second run of the same night, which is complete', () => {
  expect(runs.again).toMatchObject({ status: 'SUCCEEDED', output: { claimed: false, slot: last.slot } });
  expect(keys.again).toEqual(keys[last.name]);
});

it('has the uploads of a dump under the stamp of the dump, in both tiers', async () => {
  for (const tier of ['daily', 'weekly']) {
    expect(await example.opened(`${tier}/staging_${sunday}.tar.gz`)).toEqual(
      expect.arrayContaining([expect.stringMatching(/upload-1\.tif$/), expect.stringMatching(/incoming\/a b\.zip$/)]),
    );
    expect((await example.opened(`${tier}/geolens_${sunday}.dump`)).join('\n')).toContain('TABLE DATA catalog datasets');
  }
});

it('has a dump that a server takes which knows neither its owners nor whom they granted what', async () => {
  const dump = `daily/geolens_${sunday}.dump`;
  expect((await example.opened(dump)).filter((line) => line.includes(' ACL '))).toEqual([]);

  const { server, rig } = example;
  await server.sql('geolens', 'DROP OWNED BY geolens_reader; DROP ROLE geolens_reader');
  await server.database('back');
  await server.program('pg_restore', ['--exit-on-error', '--no-owner', '--dbname=back', rig.file(dump)]);
  expect(await server.sql('back', 'SELECT count(*)::int FROM catalog.datasets')).toEqual([{ count: 300 }]);
});
