import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ListOutput } from '../../lib/cli/list/list-output.ts';
import { SetsOutput } from '../../lib/cli/list/sets-output.ts';
import { RunOutput } from '../../lib/cli/run/run-output.ts';
import { StatusOutput } from '../../lib/cli/status/status-output.ts';
import { CACHE, cliProcess, type ProcessOptions } from '../support/cli-process.ts';
import type { CliResult } from '../support/cli-rig.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const CONFIG = `
connections:
  good: { secret: good, sslMode: disable }
  bad: { secret: bad, sslMode: disable }
sources:
  - { id: shop, database: shop, connection: good }
  - { id: broken, database: shop, connection: bad, enabled: false }
`;

let rig: DatabaseRig;
beforeAll(async () => {
  rig = await DatabaseRig.start();
  await rig.database('shop', 'CREATE TABLE orders AS SELECT i AS id, md5(i::text) AS code FROM generate_series(1, 5000) i');
});
afterAll(() => rig.stop());

/** A folder of an operator, and the program in it. */
function operator() {
  const cwd = scratchFolder();
  const dir = join(cwd, 'backups');
  const secret = (fields = {}): unknown => JSON.parse(rig.secret(fields));
  writeFileSync(join(cwd, 'nightproof.yaml'), CONFIG);
  const secrets = (mode: number): void => {
    writeFileSync(join(dir, 'secrets.json'), JSON.stringify({ good: secret(), bad: secret({ password: 'not-the-password' }) }), {
      mode,
    });
  };
  const nightproof = (args: readonly string[], options: ProcessOptions = {}): Promise<CliResult> =>
    cliProcess([...args, '--local', 'backups'], { env: CACHE, cwd, ...options });
  return { cwd, dir, secrets, nightproof };
}

it('refuses what is wrong before anything is started', async () => {
  const { cwd, dir, nightproof } = operator();

  const noSecrets = await nightproof(['run']);
  const unknown = await nightproof(['run', 'nobody']);
  const noConfig = await nightproof(['run', '--config', 'other.yaml']);
  writeFileSync(join(cwd, 'typo.yaml'), CONFIG.replace('enabled:', 'enbled:'));
  const typo = await nightproof(['run', '--config', 'typo.yaml']);

  expect(noSecrets).toMatchObject({ code: 2, stderr: expect.stringContaining('secrets.json is missing') });
  expect(unknown).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no source has the id "nobody"; there are: shop, broken'),
  });
  expect(noConfig).toMatchObject({ code: 2, stderr: expect.stringContaining('other.yaml cannot be read (ENOENT)') });
  expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining('typo.yaml:7:') });
  expect(existsSync(dir)).toBe(false);
});

it('runs nights, lists and shows them, each with its exit code', async () => {
  const { cwd, dir, secrets, nightproof } = operator();
  mkdirSync(dir);
  secrets(0o644);
  expect(await nightproof(['run'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`remedy: chmod 600 ${dir}/secrets.json`),
  });
  chmodSync(join(dir, 'secrets.json'), 0o600);

  const good = await nightproof(['run', '--json', '--reason', 'first']);
  expect(good).toMatchObject({ code: 0 });
  const { slot, sources } = RunOutput.parse(JSON.parse(good.stdout));
  expect(sources).toMatchObject([
    { sourceId: 'shop', step: 'verified', outcome: { counts: { of: 'database', tables: 1, rows: 5000 } } },
  ]);
  expect(good.stderr).toMatch(/Z {2}shop: verified \(.+, 1 table, 5,000 rows, .+\)\n/);

  const bad = await nightproof(['run', 'broken']);
  expect(bad).toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED  broken\n  Reason      auth: ') });
  expect(`${bad.stdout}${bad.stderr}`).not.toContain('not-the-password');

  expect(await nightproof(['run', 'shop', '--slot', slot])).toMatchObject({
    code: 4,
    stdout: expect.stringContaining('is complete'),
  });

  const list = ListOutput.parse(JSON.parse((await nightproof(['list', '--json'])).stdout));
  expect(list.backups.map(({ sourceId }) => sourceId)).toEqual(['shop']);
  expect(await nightproof(['show', slot])).toMatchObject({ code: 0, stdout: expect.stringContaining(`Run ${slot}: OK`) });
  expect(await nightproof(['show', 'latest'])).toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED') });
  expect(await nightproof(['show', list.backups[0]?.key ?? ''])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('public.orders  5,000'),
  });
  expect(list.backups[0]).toMatchObject({ plan: 'nightly', keepRule: '7d', encrypted: false });

  const doctor = await nightproof(['doctor']);
  expect(doctor).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('ok   secrets.json: readable for you only, with good'),
  });
  const status = StatusOutput.parse(JSON.parse((await nightproof(['status', '--json'])).stdout));
  expect(status.plans).toMatchObject([{ plan: 'nightly', expression: 'cron(0 2 * * ? *)', enabled: false, nextAt: null }]);
  expect(status.sources).toMatchObject([{ sourceId: 'shop', newest: slot, freshness: 'unscheduled' }]);
  const sets = SetsOutput.parse(JSON.parse((await nightproof(['list', '--set', '--json'])).stdout));
  expect(sets.sets).toMatchObject([{ slot, state: 'complete', sources: ['shop'] }]);

  const download = await nightproof(['download', '--latest', 'shop', '--to', 'shop.dump']);
  expect({ code: download.code, bytes: statSync(join(cwd, 'shop.dump')).size }).toEqual({
    code: 0,
    bytes: list.backups[0]?.bytes,
  });
  expect(await nightproof(['retention', '--dry-run'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('and remove 0.'),
  });
  expect(await nightproof(['command', 'shop'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('pg_dump --format=custom'),
  });
}, 300_000);

it('stops the local cloud on Ctrl-C, and leaves no backup that is none', async () => {
  const { dir, secrets, nightproof } = operator();
  mkdirSync(dir);
  secrets(0o600);
  // the dump waits for this lock, so that there is time to interrupt it
  const session = await rig.session('shop');
  await session.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');

  let interrupted = false;
  const { code, stderr } = await nightproof(['run'], {
    onStderr: (text, child) => {
      if (interrupted || !text.includes('1 source to back up')) return;
      interrupted = true;
      child.kill('SIGINT');
    },
  });
  await session.end();

  expect(code).toBe(130);
  expect(stderr).toContain('stopping the run\n');
  expect(stderr).toContain('error: the run was stopped, and the local cloud with it\n');
  const bucket = readdirSync(join(dir, 'vault')).find((name) => name.startsWith('nightproof')) ?? '';
  expect(existsSync(join(dir, 'vault', bucket, 'daily'))).toBe(false);
  expect(existsSync(join(dir, '.lock'))).toBe(false);
}, 120_000);
