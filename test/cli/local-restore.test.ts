import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DrillOutput } from '../../lib/cli/drill/drill-output.ts';
import { ListOutput } from '../../lib/cli/list/list-output.ts';
import { RestoreDryRunOutput, RestoreOutput } from '../../lib/cli/restore/restore-output.ts';
import { CACHE, cliProcess } from '../support/cli-process.ts';
import type { CliResult } from '../support/cli-rig.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const EFS = '{ fileSystemId: fs-0d3a0d3a0d3a0d3a0, accessPointId: fsap-0d3a0d3a0d3a0d3a0 }';

const CONFIG = `
volumes: { files: ${EFS} }
connections:
  main: { secret: main, sslMode: disable }
sources:
  - { id: shop, database: shop, connection: main }
  - { id: media, kind: files, volume: files, folder: media }
`;

/** Beside what is there. */
const LOOK = ['--mode', 'new', '--database', 'shop_look'];

let rig: DatabaseRig;
beforeAll(async () => {
  rig = await DatabaseRig.start();
  await rig.database('shop', 'CREATE TABLE orders AS SELECT i AS id, md5(i::text) AS code FROM generate_series(1, 5000) i');
});
afterAll(() => rig.stop());

it('backs up, restores beside what is there and shows it again, drills, and unpacks a tree', async () => {
  const cwd = scratchFolder();
  const dir = join(cwd, 'backups');
  mkdirSync(join(dir, 'files/media'), { recursive: true });
  writeFileSync(join(dir, 'files/media/picture.jpg'), 'a picture');
  writeFileSync(join(cwd, 'nightproof.yaml'), CONFIG);
  writeFileSync(join(dir, 'secrets.json'), JSON.stringify({ main: JSON.parse(rig.secret()) }), { mode: 0o600 });
  writeFileSync(join(dir, 'volumes.json'), JSON.stringify({ files: 'files' }));
  const nightproof = (...args: readonly string[]): Promise<CliResult> =>
    cliProcess([...args, '--local', 'backups'], { env: CACHE, cwd });

  const night = await nightproof('run');
  expect(night, night.stderr).toMatchObject({ code: 0 });

  const would = await nightproof(
    'restore',
    '--latest',
    'shop',
    '--mode',
    'new',
    '--database',
    'shop_look',
    '--dry-run',
    '--json',
  );
  const { keys, confirm } = RestoreDryRunOutput.parse(JSON.parse(would.stdout));
  expect(confirm).toBe('main/shop_look');
  const asked = await nightproof('restore', '--latest', 'shop', ...LOOK);
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody can be asked here') });

  const confirmed = [...LOOK, '--confirm', confirm];
  const restored = await nightproof('restore', keys[0] ?? '', ...confirmed);
  expect(restored, restored.stderr).toMatchObject({ code: 0 });
  expect(restored.stdout).toContain('  Now at      database "shop_look" on main (PostgreSQL ');
  expect(restored.stdout).toContain('  Contents    1 table, 5,000 rows, compared with the backup\n');
  expect(restored.stderr).toMatch(/Z {2}shop: restored in .+\n/);
  const [name = ''] = /restore-\d{8}T\d{6}Z-[0-9a-f]{8}/.exec(restored.stdout) ?? [];
  expect(await rig.sql('shop_look', 'SELECT count(*)::int AS n FROM orders')).toEqual([{ n: 5000 }]);

  const shown = RestoreOutput.parse(JSON.parse((await nightproof('show', name, '--json')).stdout));
  expect(shown).toMatchObject({ state: 'ended', status: 'restored', items: [{ record: { restored: { compared: true } } }] });

  const drill = DrillOutput.parse(JSON.parse((await nightproof('drill', '--json')).stdout));
  expect(drill).toMatchObject({ status: 'passed', findings: [] });
  const { backups } = ListOutput.parse(JSON.parse((await nightproof('list', '--json')).stdout));
  expect(backups.map(({ proof, lastDrill }) => [proof, lastDrill?.result])).toEqual(backups.map(() => ['drilled', 'passed']));

  const tree = await nightproof('restore', '--latest', 'media', '--to', 'unpacked');
  expect(tree, tree.stderr).toMatchObject({ code: 0 });
  expect(readFileSync(join(cwd, 'unpacked/picture.jpg'), 'utf8')).toBe('a picture');
}, 600_000);
