import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Run, runRecordKey } from '../../lib/domain/backup/keys.ts';
import { RunRecord } from '../../lib/domain/run/run-record.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { documentedKeys, type History, slotStarted, sundayOf, twoNights } from '../support/example-history.ts';
import { ExampleRig } from '../support/example-rig.ts';

const NIGHTS = twoNights(2);
const [first, last] = NIGHTS;
const media = sundayOf(twoNights(3));

let example: ExampleRig;
const runs: Record<string, Execution> = {};
const keys: Record<string, string[]> = {};

const DEPLOYED = ['.env', 'docker-compose.yml', 'nginx.conf', 'ansible/group_vars/all.yml', 'ansible/vault.yml', 'certs/tls.key'];

beforeAll(async () => {
  example = await ExampleRig.start('django', {
    databases: {
      django: `CREATE TABLE auth_user (id int PRIMARY KEY, username text UNIQUE);
        INSERT INTO auth_user SELECT i, 'user ' || i FROM generate_series(1, 400) i`,
    },
    volumes: {
      media: { 'avatars/1.png': 'PNG', 'documents/contrat signé.pdf': '%PDF' },
      deploy: { ...Object.fromEntries(DEPLOYED.map((path) => [path, 'SECRET_KEY=canary'])), 'manage.py': 'code lies in git' },
    },
  });
  for (const { name, scheduledTime } of NIGHTS) await run(name, { scheduledTime, plan: 'nightly' });
  await run('media', { scheduledTime: media.scheduledTime, plan: 'media' });
  await run('again', { scheduledTime: last.scheduledTime, plan: 'nightly' });
  await run('mediaAgain', { scheduledTime: media.scheduledTime, plan: 'media' });
  await run('config', { sources: ['config'], reason: 'nginx.conf changed' });
  example.remove('deploy', '.env');
  await run('configWithoutEnv', { sources: ['config'] });
});

afterAll(() => example?.stop());

async function run(name: string, input: Parameters<ExampleRig['night']>[0]): Promise<void> {
  runs[name] = await example.night(input);
  keys[name] = await example.keys();
}

const runOf = (name: string): Execution => runs[name] as Execution;
const nightly = NIGHTS.map(({ slot }) => slot);

it.each<[string, () => Run, () => History]>([
  [first.name, () => first, () => ({ nightly: [first.slot] })],
  [last.name, () => last, () => ({ nightly })],
  ['media', () => ({ slot: media.slot, plan: 'media' }), () => ({ nightly, media: [media.slot] })],
  [
    'config',
    () => ({ slot: slotStarted(runOf('config')) }),
    () => ({ nightly, media: [media.slot], byHand: { config: [slotStarted(runOf('config'))] } }),
  ],
])('ends the %s run well, and has exactly the keys that the documents list', async (name, asked, history) => {
  expect(runOf(name)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await example.complaints(asked())).toEqual([]);
  expect(keys[name]).toEqual(documentedKeys('django', history()));
});

it.each([
  ['again', last.slot],
  ['mediaAgain', media.slot],
])('refuses a second run (%s) of what is complete', (name, slot) => {
  expect(runOf(name)).toMatchObject({ status: 'SUCCEEDED', output: { claimed: false, slot } });
  expect(keys[name]).toEqual(keys.media);
});

it('keeps the records of the media plan apart from those of the night', async () => {
  const record = await example.rig.read(runRecordKey({ slot: media.slot, plan: 'media', attempt: 1 }), RunRecord);
  expect(record).toMatchObject({ plan: 'media', trigger: 'schedule', sources: [{ sourceId: 'media', status: 'verified' }] });
  const { sources } = await example.rig.record(last.slot);
  expect(sources.map(({ sourceId }) => sourceId)).toEqual(['django']);
});

it('has nothing in the vault that can be read without the identity, and plain tools open all of it with one', async () => {
  const artifacts = (keys.config ?? []).filter((key) => !/\.manifest\.json$|\.members-/.test(key));
  for (const key of artifacts) {
    expect(example.stored(key)[0], key).toBe('age-encryption.org/v1');
    expect((await example.opened(key)).length, key).toBeGreaterThan(0);
  }
  const files = (await example.opened(`daily/config_${slotStarted(runOf('config'))}.tar.gz.age`)).filter(
    (name) => !name.endsWith('/'),
  );
  expect(files).toEqual([...DEPLOYED].sort());
});

it('fails a run by hand of the configuration in which a file is missing, and leaves nothing of it', async () => {
  expect(runOf('configWithoutEnv')).toMatchObject({ status: 'FAILED', error: 'Nightproof.NightFailed' });
  const outcome = await example.rig.outcome(slotStarted(runOf('configWithoutEnv')), 'config');
  expect(outcome).toMatchObject({ status: 'failed', sourceId: 'config' });
  expect(keys.configWithoutEnv).toEqual(keys.config);
});
