import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExecutionState } from '../../lib/cli/place/backend.ts';
import { RestoreDryRunOutput, RestoreOutput, RestoreStartedOutput } from '../../lib/cli/restore/restore-output.ts';
import { damagedKey } from '../../lib/domain/backup/keys.ts';
import { restoreServicesKey } from '../../lib/domain/backup/operation-keys.ts';
import { factsOf } from '../../lib/domain/outcomes.ts';
import { backendOver, type CliOptions, cli, opened, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, begun, planOf, SUNDAY, slotBefore, sourceOf } from '../support/night.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { datedFolderOf, filesOf, globalsOf } from '../support/sources.ts';
import { backedUp } from './kinds.ts';
import {
  databaseItem,
  failedItem,
  progressed,
  RESTORE,
  restoredItem,
  restoreEnded,
  restorePlan,
  secondsAfter,
} from './operations.ts';

const KEY = `daily/app_${SUNDAY}.dump`;

/** Begins a movement of the cursor. */
const ESCAPE = '\u001b';

const running: ExecutionState = { status: 'running' };
const succeeded: ExecutionState = { status: 'succeeded', output: {} };
const failed: ExecutionState = { status: 'failed', error: 'Nightproof.RestoreFailed', cause: '' };

/** A configuration with these restore targets, beside the connections `main` and `staging`. */
function config(targets = ''): string {
  const file = join(scratchFolder(), 'nightproof.yaml');
  writeFileSync(
    file,
    `connections:
  main: { secret: main }
  staging: { secret: staging }
volumes:
  media: { fileSystemId: fs-0123456789abcdef0, accessPointId: fsap-0123456789abcdef0 }
restore:
  targets:
    live: { connection: main, production: true, services: [{ cluster: web, service: api }] }
${targets}
sources:
  - { id: app, database: app, connection: main }
`,
  );
  return file;
}

/** Something happens in each wait, and after the last one the restore has ended. */
function going(things: readonly (() => void)[], last: ExecutionState): { states: ExecutionState[]; pause: () => Promise<void> } {
  const left = [...things];
  return { states: [...things.map(() => running), last], pause: async () => left.shift()?.() };
}

function vaultWithApp(): MemoryVault {
  const vault = new MemoryVault();
  backup(vault, 'app', SUNDAY);
  return vault;
}

describe('restore', () => {
  it('says what it replaces, has it typed, follows the restore, and reports how to go back', async () => {
    const vault = vaultWithApp();
    const item = databaseItem(0, 'app');
    const { states, pause } = going(
      [
        () => restorePlan(vault, [item]),
        () => progressed(vault, 0, 2, { phase: 'verify', bytes: 400_000, totalBytes: 1_000_000 }),
        () => progressed(vault, 0, 10, { bytes: 100_000, totalBytes: 1_000_000, tables: 1, totalTables: 12 }),
        () => restoreEnded(vault, restorePlan(vault, [item]), [restoredItem(vault, item)]),
      ],
      succeeded,
    );
    const backend = backendOver(vault, { states });

    const args = ['restore', '--latest', 'app', '--target', 'staging', '--confirm', 'staging/app', '--reason', 'rehearsal'];
    const result = await cli(args, { backend, pause });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/restore.txt');
    expect(backend.machines).toEqual(['restore']);
    expect(backend.inputs).toEqual([
      expect.objectContaining({ backup: { key: KEY }, target: 'staging', database: 'app', mode: 'swap', confirm: 'staging/app' }),
    ]);
    expect(opened.map(({ purpose }) => purpose)).toEqual([
      { does: 'read' },
      { does: 'restore', config: 'nightproof.yaml', target: 'staging' },
    ]);
  });

  it('puts what failed first, with what to do and what of the target has changed', async () => {
    const vault = vaultWithApp();
    const items = [databaseItem(0, 'app'), databaseItem(1, 'crm'), databaseItem(2, 'erp')];
    const plan = restorePlan(vault, items, {
      services: [{ cluster: 'web', service: 'api' }],
      after: { sql: [], probe: { url: 'https://app.example.com/health', status: 200, within: '5m' } },
    });
    const [app, crm, erp] = items as [(typeof items)[0], (typeof items)[0], (typeof items)[0]];
    const records = [
      restoredItem(vault, app, { warnings: ['2 roles were made without a password'] }),
      failedItem(vault, crm, 'restore', 'INDEX public.orders_code_key: 23505'),
      failedItem(vault, erp, 'target-busy', 'sessions kept coming back', 'the restored database is there as erp_restoring'),
    ];
    restoreEnded(vault, plan, records, {
      services: [{ cluster: 'web', service: 'api', desiredCount: 2, running: true }],
      failure: factsOf('probe', 'https://app.example.com/health answered 502'),
    });

    const args = ['show', RESTORE];
    const result = await cli(args, { backend: backendOver(vault) });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/restore-failed.txt');
    expect(result.code).toBe(1);
  });

  it('redraws how far it is on a terminal: share, rate and what is left', async () => {
    const vault = vaultWithApp();
    const item = databaseItem(0, 'app');
    restorePlan(vault, [item]);
    vault.put(restoreServicesKey(RESTORE), {
      version: 1,
      at: secondsAfter(1).toISOString(),
      services: [{ cluster: 'web', service: 'api', desiredCount: 2 }],
    });
    const { states, pause } = going(
      [
        () => progressed(vault, 0, 10, { bytes: 100_000_000, totalBytes: 1_000_000_000, tables: 1, totalTables: 12 }),
        () => progressed(vault, 0, 20, { bytes: 600_000_000, totalBytes: 1_000_000_000, tables: 7, totalTables: 12 }),
        () => restoreEnded(vault, restorePlan(vault, [item]), [restoredItem(vault, item)]),
      ],
      succeeded,
    );

    const { code, stderr } = await cli(['restore', KEY, '--target', 'staging'], {
      backend: backendOver(vault, { states }),
      pause,
      columns: 100,
      typed: 'staging/app\n',
      now: secondsAfter(20),
    });

    expect(code).toBe(0);
    const frames = stderr.split(new RegExp(`${ESCAPE}\\[\\d+A${ESCAPE}\\[0J`));
    expect(frames[0]).toContain('REPLACES database "app" on staging');
    expect(frames[0]).toContain('Type staging/app to go on: ');
    expect(stderr).toContain('app  restoring 10 %, 95.4 MiB of 953.7 MiB, 1 of 12 tables\n');
    expect(stderr).toContain('app  restoring 60 %, 572.2 MiB of 953.7 MiB, 47.7 MiB/s, 8.0 s left, 7 of 12 tables\n');
    expect(stderr).toContain('0 of 1 settled; stopped meanwhile: api\n');
    expect(frames.at(-1)).toContain('✔ app  restored in 1 min 08 s: 12 tables, 1,204,331 rows, compared with the backup\n');
    expect(
      frames
        .slice(1)
        .flatMap((frame) => frame.split('\n'))
        .filter((line) => line.length > 100),
    ).toEqual([]);
  });

  it('prints JSON of a closed schema, and progress beside it', async () => {
    const vault = vaultWithApp();
    const item = databaseItem(0, 'app');
    restoreEnded(vault, restorePlan(vault, [item]), [restoredItem(vault, item)]);

    const { code, stdout } = await cli(['restore', KEY, '--target', 'staging', '--confirm', 'staging/app', '--json'], {
      backend: backendOver(vault, { states: [succeeded] }),
    });

    expect(code).toBe(0);
    expect(RestoreOutput.parse(JSON.parse(stdout))).toMatchObject({ state: 'ended', status: 'restored', items: [{ key: KEY }] });
  });

  it('says with --no-wait how to look at it', async () => {
    const options = { backend: backendOver(vaultWithApp(), { flags: ' --stack other' }) };
    const args = ['restore', KEY, '--target', 'staging', '--confirm', 'staging/app', '--no-wait'];

    const plain = await cli(args, options);
    const json = await cli([...args, '--json'], options);

    expect(plain).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Look at it with: nightproof show ${RESTORE} --stack other\n`),
    });
    expect(RestoreStartedOutput.parse(JSON.parse(json.stdout))).toMatchObject({ name: RESTORE });
  });
});

describe('what is restored', () => {
  const planned = async (vault: MemoryVault, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await cli(['restore', ...args, '--target', 'staging', '--dry-run', '--json'], {
      backend: backendOver(vault),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return RestoreDryRunOutput.parse(JSON.parse(stdout));
  };

  it('is the newest backup that is not damaged', async () => {
    const vault = new MemoryVault();
    const [, older] = [0, 1].map((days) => backup(vault, 'app', slotBefore(SUNDAY, days)));
    vault.put(damagedKey(KEY), { version: 1 });

    expect(await planned(vault, '--latest', 'app')).toMatchObject({ keys: [older], confirm: 'staging/app' });
  });

  it('is the newest of a tier, of a slot or of a day', async () => {
    const vault = new MemoryVault();
    for (const days of [0, 1, 7]) backup(vault, 'app', slotBefore(SUNDAY, days));
    const weekly = backup(vault, 'app', slotBefore(SUNDAY, 7), 'weekly');
    const saturday = slotBefore(SUNDAY, 1);

    expect(await planned(vault, '--latest', 'app', '--tier', 'weekly')).toMatchObject({ keys: [weekly] });
    expect(await planned(vault, '--latest', 'app', '--at', saturday)).toMatchObject({ keys: [`daily/app_${saturday}.dump`] });
    expect(await planned(vault, '--latest', 'app', '--at', '2026-04-18')).toMatchObject({
      keys: [`daily/app_${saturday}.dump`],
      request: { backup: { key: `daily/app_${saturday}.dump` } },
    });
  });

  it('is a dated archive, into a folder that is called as its source', async () => {
    const vault = new MemoryVault();
    backedUp(vault, datedFolderOf('rpps', '2026-04-15'), SUNDAY);

    expect(await planned(vault, '--archive', 'rpps', '--date', '2026-04-15')).toMatchObject({
      keys: ['archive/rpps_2026-04-15.tar.gz'],
      confirm: 'staging/rpps',
    });
  });

  it('is the newest complete set, by its slot, so that another night in between changes nothing', async () => {
    const vault = new MemoryVault();
    const sources = [sourceOf('app'), globalsOf('roles'), filesOf('uploads')];
    begun(vault, planOf(sources));
    for (const source of sources) backedUp(vault, source, SUNDAY);

    const { keys, request, confirm } = await planned(vault, '--set', 'latest');

    expect([...keys].sort()).toEqual([KEY, `daily/roles_${SUNDAY}.sql`, `daily/uploads_${SUNDAY}.tar.gz`]);
    expect({ backup: request.backup, confirm }).toEqual({ backup: { set: SUNDAY }, confirm: `staging/set ${SUNDAY}` });
  });

  it('names what a set lacks before anybody agrees to it', async () => {
    const vault = new MemoryVault();
    begun(vault, planOf([sourceOf('app'), sourceOf('crm')]));
    backedUp(vault, sourceOf('app'), SUNDAY);

    const { stdout } = await cli(['restore', '--set', SUNDAY, '--target', 'staging', '--dry-run'], {
      backend: backendOver(vault),
    });

    expect(stdout).toContain('NOT IN IT: crm: the run has no backup of them');
  });

  it.each([
    [[KEY, '--mode', 'new', '--database', 'app_look'], 'makes the new database "app_look" on staging; nothing is replaced'],
    [
      [KEY, '--mode', 'in-place', '--table', 'public.orders'],
      'REPLACES public.orders inside database "app" on staging, in one transaction; what is there now of it is NOT kept',
    ],
    [['--latest', 'uploads'], 'unpacks all of it into the folder "uploads" on the volume of staging, which must be new or empty'],
    [
      ['--latest', 'uploads', '--folder', 'media', '--replace', '--path', '2026'],
      'REPLACES the folder "media" on the volume of staging by 2026 of it; the one that is there now is kept beside it',
    ],
    [['--latest', 'roles'], 'roles that are missing on staging are made; those that are there stay as they are'],
  ])('is said in words for %j', async (args, words) => {
    const vault = vaultWithApp();
    for (const source of [globalsOf('roles'), filesOf('uploads')]) backedUp(vault, source, SUNDAY);

    const { stdout } = await cli(['restore', ...args, '--target', 'staging', '--dry-run'], { backend: backendOver(vault) });

    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(words);
  });

  it.each([
    [['--latest', 'crm'], 1, 'source "crm" has no undamaged backup'],
    [['--latest', 'app', '--at', '2026-04-01'], 1, 'has no undamaged backup of 2026-04-01'],
    [[`daily/crm_${SUNDAY}.dump`], 1, `there is no daily/crm_${SUNDAY}.dump`],
    [['--set', 'latest'], 1, 'no complete set'],
    [[KEY, '--folder', 'x'], 2, `--folder has no meaning for ${KEY}`],
    [[KEY, '--table', 'public.orders'], 2, '--table would replace the whole database by these tables'],
    [['--latest', 'uploads', '--database', 'x'], 2, '--database has no meaning'],
    [[KEY, '--reason', 'x'.repeat(501)], 2, 'reason: '],
  ])('is refused for %j', async (args, code, words) => {
    const vault = vaultWithApp();
    backedUp(vault, filesOf('uploads'), SUNDAY);
    const backend = backendOver(vault);

    const result = await cli(['restore', ...args, '--target', 'staging', '--confirm', 'staging/app'], { backend });

    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) });
    expect(result.stderr).toMatch(/\nremedy: .+\n$/);
    expect(backend.inputs).toEqual([]);
  });
});

describe('where it goes', () => {
  const dryRun = (args: readonly string[], vault = vaultWithApp()) =>
    cli(['restore', KEY, '--dry-run', ...args], { backend: backendOver(vault) });

  it('has to be said where several targets fit', async () => {
    expect(await dryRun(['--config', config()])).toMatchObject({
      code: 2,
      stderr: 'error: it has to be said where to restore: --target\nremedy: Name one of: main, staging, live\n',
    });
  });

  it('is the only target that fits, where there is only one', async () => {
    const vault = new MemoryVault();
    const tree = backedUp(vault, filesOf('uploads'), SUNDAY);
    const file = config('    files: { volume: media }');

    const { code, stdout } = await cli(['restore', tree, '--dry-run', '--config', file], { backend: backendOver(vault) });

    expect({ code, stdout: stdout.split('\n')[0] }).toEqual({ code: 0, stdout: 'Restore to files:' });
  });

  it('must be said to be production where it is', async () => {
    const args = ['--config', config(), '--target', 'live'];

    expect(await dryRun(args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('remedy: If it is meant, say so: --production'),
    });
    const meant = await dryRun([...args, '--production']);
    expect(meant).toMatchObject({ code: 0, stdout: expect.stringContaining('which is marked as PRODUCTION') });
    expect(meant.stdout).toContain('api: stopped meanwhile, and started again whatever happens');
  });

  it('can be a name that only the deployed configuration knows', async () => {
    expect(await dryRun(['--config', config(), '--target', 'deployed'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('as the deployed configuration says for this target'),
    });
  });
});

it('is refused before a local cloud is started where its plan step would refuse it', async () => {
  const vault = vaultWithApp();
  const args = ['restore', KEY, '--local', './b', '--config', config(), '--target', 'main', '--confirm', 'main/app'];
  const backend = backendOver(vault, { states: [failed] });

  const refused = await cli(args, { backend });
  const meant = await cli([...args, '--over-source', '--dry-run'], { backend });

  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('of this very server') });
  expect(refused.stderr).toContain('"overSource" is --over-source');
  expect({ code: meant.code, started: backend.inputs }).toEqual({ code: 0, started: [] });
});

describe('the confirmation', () => {
  const attempt = async (options: CliOptions, ...more: readonly string[]) => {
    const backend = backendOver(vaultWithApp(), { states: [failed] });
    const result = await cli(['restore', KEY, '--target', 'staging', '--no-wait', ...more], { backend, ...options });
    return { ...result, started: backend.inputs.length };
  };

  it('is what was typed on a terminal', async () => {
    expect(await attempt({ columns: 80, typed: ' staging/app \n' })).toMatchObject({ code: 0, started: 1 });
  });

  it.each([
    ['something else is typed', { columns: 80, typed: 'yes\n' }, [], '"yes" is not "staging/app"'],
    ['nothing is typed', { columns: 80, typed: '' }, [], 'nothing was typed'],
    ['nobody is there', {}, [], 'nobody can be asked here, and --confirm was not given'],
    ['it comes by a pipe', { typed: 'staging/app\n' }, [], 'nobody can be asked here'],
    ['--confirm says something else', {}, ['--confirm', 'staging/crm'], '--confirm says "staging/crm"'],
  ])('is refused where %s', async (_, options, more, words) => {
    expect(await attempt(options, ...more)).toMatchObject({ code: 2, started: 0, stderr: expect.stringContaining(words) });
  });
});

describe('restore that ends badly', () => {
  const lambda = (errorMessage: string): string => JSON.stringify({ errorMessage, errorType: 'x' });
  const endsWith = (state: ExecutionState, vault = vaultWithApp()) =>
    cli(['restore', KEY, '--target', 'staging', '--confirm', 'staging/app'], {
      backend: backendOver(vault, { states: [state] }),
    });

  it('ends with 2 where the plan step refused it', async () => {
    const cause = lambda('daily/app.dump was made of database "app" of this very server: say "overSource": true');

    expect(await endsWith({ status: 'failed', error: 'Nightproof.InputRefused', cause })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('of this very server'),
    });
  });

  it('ends with 1 where it was aborted, and says where to look', async () => {
    const vault = vaultWithApp();
    restorePlan(vault, [databaseItem(0, 'app')]);

    expect(await endsWith({ status: 'stopped', how: 'aborted' }, vault)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `the restore was aborted before its report\nremedy: What it did until then: nightproof show ${RESTORE}`,
      ),
    });
  });

  it('ends with 3 and the remedy of the reason where it failed before it had a plan', async () => {
    expect(
      await endsWith({ status: 'failed', error: 'Nightproof.storage', cause: lambda('PutObject restores/: AccessDenied') }),
    ).toMatchObject({ code: 3, stderr: expect.stringContaining('nothing was started: storage: PutObject') });
  });

  it('ends with 1 where an item failed', async () => {
    const vault = vaultWithApp();
    const item = databaseItem(0, 'app');
    restoreEnded(vault, restorePlan(vault, [item]), [failedItem(vault, item, 'roles', 'app_owner')]);

    const { code, stdout } = await endsWith(failed, vault);

    expect({ code, first: stdout.split('\n')[0] }).toEqual({
      code: 1,
      first: `Restore ${RESTORE}: FAILED, 0 of 1 backup restored`,
    });
    expect(stdout).toContain('The target  is as it was before');
  });

  it.each([
    [true, `no longer waiting; the restore itself goes on\nremedy: Look at it with: nightproof show ${RESTORE}\n`],
    [false, 'the restore was stopped, and the local cloud with it\n'],
  ])('ends with 130 on Ctrl-C; a restore that goes on without us: %s', async (runsWithoutUs, says) => {
    const interrupt = new AbortController();

    const { code, stderr } = await cli(['restore', KEY, '--target', 'staging', '--confirm', 'staging/app'], {
      backend: backendOver(vaultWithApp(), { states: [running], runsWithoutUs }),
      interrupt: interrupt.signal,
      pause: async () => interrupt.abort(),
    });

    expect({ code, says: stderr.includes(says) }).toEqual({ code: 130, says: true });
  });
});

describe('show of a restore', () => {
  it('shows one that is going on, by any of its names', async () => {
    const vault = new MemoryVault();
    restorePlan(vault, [databaseItem(0, 'app')]);
    progressed(vault, 0, 10, { phase: 'compare', bytes: 0, totalBytes: 0 });
    const arn = `arn:aws:states:eu-west-3:123456789012:execution:Restore:${RESTORE}`;

    for (const name of [RESTORE, `restores/${RESTORE}`, `restores/${RESTORE}.json`, arn]) {
      const { code, stdout } = await cli(['show', name], { backend: backendOver(vault) });

      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('RUNNING, 0 of 1 backup restored') });
      expect(stdout).toContain('app: comparing\n');
    }
  });

  it.each([
    ['aborted', { status: 'stopped', how: 'aborted' }, 'ABORTED, 0 of 1 backup restored'],
    ['timed out', { status: 'stopped', how: 'timed out' }, 'TIMED OUT, 0 of 1'],
    ['failed', { status: 'failed', error: 'States.Runtime', cause: '' }, 'FAILED, 0 of 1'],
  ] as const)('does not call running what was %s and left no record', async (_, state, says) => {
    const vault = new MemoryVault();
    restorePlan(vault, [databaseItem(0, 'app')]);
    const backend = backendOver(vault, { stateOf: async () => state });

    const { code, stdout } = await cli(['show', RESTORE], { backend });
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining(says) });
    expect(stdout).toContain('before it could leave a record');
    const json = JSON.parse((await cli(['show', RESTORE, '--json'], { backend })).stdout);
    expect(json).toMatchObject({ state: 'lost', status: null });
  });

  it('shows the record that came while the execution was asked', async () => {
    const vault = new MemoryVault();
    const item = databaseItem(0, 'app');
    const plan = restorePlan(vault, [item]);
    const stateOf = async () => {
      restoreEnded(vault, plan, [restoredItem(vault, item)]);
      return { status: 'succeeded', output: null } as const;
    };
    expect(await cli(['show', RESTORE], { backend: backendOver(vault, { stateOf }) })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('RESTORED, 1 of 1'),
    });
  });

  it('says that there is none of that name', async () => {
    expect(await cli(['show', 'restore-x'], { backend: backendOver(new MemoryVault()) })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no restore restore-x in vault'),
    });
  });
});
