import { describe, expect, it } from 'vitest';
import { ListOutput } from '../../lib/cli/list/list-output.ts';
import { SetsOutput } from '../../lib/cli/list/sets-output.ts';
import { RunOutput } from '../../lib/cli/run/run-output.ts';
import { BackupOutput } from '../../lib/cli/show/backup-output.ts';
import { outcomeKey, planKey, runRecordKey } from '../../lib/domain/backup/keys.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { buildRunRecord } from '../../lib/domain/run/run-record.ts';
import type { ConfiguredSource, Source } from '../../lib/domain/source/source.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import { backendOver, cli, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import {
  begun,
  failedOutcome,
  minutesAfter,
  planOf,
  SUNDAY,
  settled,
  slotBefore,
  sourceOf,
  verifiedOutcome,
} from '../support/night.ts';
import { configFilesOf, datedFolderOf, datedFoldersOf, filesOf, globalsOf, RECIPIENT, serverOf } from '../support/sources.ts';
import { backedUp, foundIn } from './kinds.ts';

const APP = sourceOf('app');
const ROLES = globalsOf('roles');
const UPLOADS = filesOf('uploads', { keep: { daily: 4 } });
const SECRETS = configFilesOf('secrets', { keep: { daily: 'forever' } });
const RPPS = datedFoldersOf('rpps');
const RPPS_15 = datedFolderOf('rpps', '2026-04-15');
const WRITTEN = [APP, ROLES, UPLOADS, SECRETS];

/** A night of every kind of source, with a dated folder that was found. */
function wholeNight(): MemoryVault {
  const vault = new MemoryVault();
  const plan = planOf([...WRITTEN, RPPS]);
  begun(vault, plan);
  foundIn(vault, plan, { sources: [RPPS_15], notes: [{ groupId: 'rpps', text: '2026-04-19 waits: it is younger than a day' }] });
  for (const source of [...WRITTEN, RPPS_15]) backedUp(vault, source, SUNDAY);
  return vault;
}

describe('list', () => {
  it('shows each kind by its own numbers, archives by their date, and until when each is kept', async () => {
    const args = ['list'];

    const result = await cli(args, { backend: backendOver(wholeNight()) });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/list-kinds.txt');
  });

  it('tells in JSON until when a backup is kept, by the rule of the newest run of its source', async () => {
    const vault = wholeNight();
    const older = planOf([{ ...APP, keep: { daily: '3d' } }], { slot: slotBefore(SUNDAY, 1) });
    begun(vault, older);
    backedUp(vault, APP, older.slot);

    const { stdout } = await cli(['list', '--json', '--source', 'app'], { backend: backendOver(vault) });

    const { backups } = ListOutput.parse(JSON.parse(stdout));
    expect(backups.map(({ slot, keepRule, retentionUntil }) => [slot, keepRule, retentionUntil])).toEqual([
      [SUNDAY, '7d', '2026-04-26T02:00:00.000Z'],
      [older.slot, '7d', '2026-04-25T02:00:00.000Z'],
    ]);
  });

  it('goes by the last attempt where several were made', async () => {
    const vault = new MemoryVault();
    begun(vault, planOf([{ ...APP, keep: { daily: '3d' } }]));
    begun(vault, planOf([APP], { attempt: 2 }));
    backedUp(vault, APP, SUNDAY);

    const { stdout } = await cli(['list', '--json'], { backend: backendOver(vault) });

    expect(ListOutput.parse(JSON.parse(stdout)).backups[0]?.keepRule).toBe('7d');
  });

  it('goes by the newest run of a source also where only another tier is asked for', async () => {
    const vault = wholeNight();
    const old = slotBefore(SUNDAY, 21);
    begun(vault, planOf([{ ...APP, keep: { daily: '3d', weekly: '2w' } }], { slot: old }));
    backedUp(vault, APP, old);
    const { backup } = await import('../support/night.ts');
    backup(vault, 'app', old, 'weekly');

    const { stdout } = await cli(['list', '--json', '--tier', 'weekly'], { backend: backendOver(vault) });

    expect(ListOutput.parse(JSON.parse(stdout)).backups.map(({ tier, keepRule }) => [tier, keepRule])).toEqual([
      ['weekly', '4w'],
    ]);
  });

  it('leaves out what does not fit a narrow terminal, and cuts ids and contents before that', async () => {
    const { stdout } = await cli(['list'], { backend: backendOver(wholeNight()), columns: 80 });

    const rows = stdout.split('\n').slice(0, 6);
    expect(rows[0]).not.toContain('KEPT UNTIL');
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(80);
    expect(rows.join('\n')).toContain('3 files');
  });
});

describe('show <key>', () => {
  it.each([
    ['show-globals', ROLES],
    ['show-files', UPLOADS],
    ['show-config-files', SECRETS],
    ['show-dated-folder', RPPS_15],
  ] as const)('shows contents and the way back of each kind, as in golden/%s.txt', async (name, source: Source) => {
    const vault = wholeNight();
    const args = ['show', backedUp(vault, source, SUNDAY)];

    await expect(transcript(args, await cli(args, { backend: backendOver(vault) }))).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it.each([
    [
      APP,
      `pg_restore --exit-on-error --single-transaction --no-owner --no-acl \\\n    --dbname=app_restored app_${SUNDAY}.dump\n`,
    ],
    [{ ...APP, recipients: [RECIPIENT] }, `age -d -i identity.txt app_${SUNDAY}.dump.age | pg_restore --exit-on-error`],
    [ROLES, `psql --dbname=postgres -f roles_${SUNDAY}.sql\n`],
    [{ ...ROLES, recipients: [RECIPIENT] }, `age -d -i identity.txt roles_${SUNDAY}.sql.age | psql --dbname=postgres -f -\n`],
    [UPLOADS, `tar -xzf uploads_${SUNDAY}.tar.gz -C uploads_restored\n`],
    [{ ...UPLOADS, compression: 'zstd:3' as const }, `tar --zstd -xf uploads_${SUNDAY}.tar.zst -C uploads_restored\n`],
    [SECRETS, `age -d -i identity.txt secrets_${SUNDAY}.tar.gz.age | tar -xzf - -C secrets_restored\n`],
    [RPPS_15, 'tar -xzf rpps_2026-04-15.tar.gz -C rpps_2026-04-15_restored\n'],
  ])('gives the plain command that restores %j', async (source: Source, command) => {
    const vault = new MemoryVault();
    const key = backedUp(vault, source, SUNDAY);

    const { code, stdout } = await cli(['show', key], { backend: backendOver(vault) });

    expect(code).toBe(0);
    expect(stdout).toContain(`  ${command}`);
  });

  it('says of globals without passwords what that means', async () => {
    const vault = new MemoryVault();
    const key = backedUp(vault, ROLES, SUNDAY);
    const manifest = vault.json(`${key}.manifest.json`) as { receipt: { contents: { passwords: boolean } } };
    manifest.receipt.contents.passwords = false;
    vault.put(`${key}.manifest.json`, manifest);

    const { stdout } = await cli(['show', key], { backend: backendOver(vault) });

    expect(stdout).toContain('Passwords: not in it, since the server hands none out');
  });

  it('names the member list that lies beside a copy, not the one beside the daily', async () => {
    const vault = new MemoryVault();
    const daily = backedUp(vault, UPLOADS, SUNDAY);
    const key = daily.replace('daily/', 'weekly/');
    const manifest = vault.json(`${daily}.manifest.json`) as object;
    vault.put(key, `backup of ${daily}`);
    vault.put(`${key}.manifest.json`, { ...manifest, tier: 'weekly', key });

    const { stdout } = await cli(['show', key, '--json'], { backend: backendOver(vault) });

    expect(BackupOutput.parse(JSON.parse(stdout)).membersKey).toMatch(
      new RegExp(`^weekly/uploads_${SUNDAY}\\.tar\\.gz\\.members-[0-9a-f]{16}\\.jsonl\\.gz$`),
    );
  });
});

describe('runs of groups and of other plans', () => {
  const MAIN = serverOf('main');
  const foundDatabase = (id: string) => ({ ...sourceOf(id), foundBy: 'main' });

  function record(
    vault: MemoryVault,
    plan: Plan,
    outcomes: Parameters<typeof buildRunRecord>[0]['outcomes'],
    found?: ReturnType<typeof foundIn>,
  ) {
    for (const outcome of outcomes) settled(vault, plan, outcome);
    const finishedAt = minutesAfter(plan.slot, 9);
    const retention = { result: 'done' as const, kept: 3, removed: 0, warnings: [] };
    vault.put(runRecordKey(plan), buildRunRecord({ plan, ...(found && { found }), outcomes, retention, finishedAt }));
  }

  it('shows a group that is being looked into, then what it held', async () => {
    const vault = new MemoryVault();
    const plan = planOf([MAIN]);
    begun(vault, plan);
    const step = async () => {
      const { stdout } = await cli(['show', SUNDAY, '--json'], { backend: backendOver(vault), now: minutesAfter(SUNDAY, 3) });
      return RunOutput.parse(JSON.parse(stdout)).sources.map(({ sourceId, step: at }) => `${sourceId} ${at}`);
    };

    const before = await step();
    foundIn(vault, plan, { sources: [foundDatabase('main-app'), foundDatabase('main-crm')], alreadyVerified: ['main-crm'] });

    expect(before).toEqual(['main discover']);
    expect(await step()).toEqual(['main-app dump', 'main-crm verified']);
  });

  it('shows a group that could not be looked into as failed, and what the others held', async () => {
    const vault = new MemoryVault();
    const plan = planOf([MAIN, RPPS]);
    begun(vault, plan);
    const found = foundIn(vault, plan, {
      sources: [RPPS_15],
      failedGroups: ['main'],
      notes: [{ groupId: 'rpps', text: 'one folder waits' }],
    });
    record(vault, plan, [failedOutcome('main', SUNDAY, 'unreachable'), verifiedOutcome(RPPS_15.id, SUNDAY)], found);
    const args = ['show', SUNDAY];

    await expect(transcript(args, await cli(args, { backend: backendOver(vault) }))).toMatchFileSnapshot(
      'golden/show-run-groups.txt',
    );
  });

  it('names the group, not what it found, in the command that makes up for a failure', async () => {
    const vault = new MemoryVault();
    const plan = planOf([MAIN], { trigger: 'manual', named: true });
    begun(vault, plan);
    const found = foundIn(vault, plan, { sources: [foundDatabase('main-app'), foundDatabase('main-crm')] });
    record(
      vault,
      plan,
      ['main-app', 'main-crm'].map((id) => failedOutcome(id, SUNDAY, 'auth')),
      found,
    );

    const { stdout } = await cli(['show', SUNDAY], { backend: backendOver(vault) });

    expect(stdout).toContain(`nightproof run main --slot ${SUNDAY}\n`);
  });

  it('finds the newest run of any plan, of one plan, and of a source that was found', async () => {
    const vault = new MemoryVault();
    const nightly = planOf([APP], { slot: slotBefore(SUNDAY, 1) });
    const media = planOf([UPLOADS], { plan: 'media' });
    const server = planOf([MAIN], { slot: slotBefore(SUNDAY, 2) });
    for (const plan of [nightly, media, server]) begun(vault, plan);
    foundIn(vault, server, { sources: [foundDatabase('main-app')] });
    const shown = async (...args: string[]) =>
      /^Run (.*): /.exec(
        (await cli(['show', 'latest', ...args], { backend: backendOver(vault), now: minutesAfter(SUNDAY, 5) })).stdout,
      )?.[1];

    expect(await shown()).toBe(`${SUNDAY} of plan media`);
    expect(await shown('--plan', 'nightly')).toBe(nightly.slot);
    expect(await shown('--source', 'main-app')).toBe(server.slot);
  });

  it('takes the latest of several runs of a day for the newest', async () => {
    const vault = new MemoryVault();
    const later = slotOf(minutesAfter(SUNDAY, 90));
    for (const slot of [SUNDAY, later, slotOf(minutesAfter(SUNDAY, 30))]) begun(vault, planOf([APP], { slot }));

    const { stdout } = await cli(['show', 'latest'], { backend: backendOver(vault), now: minutesAfter(SUNDAY, 120) });

    expect(stdout).toContain(`Run ${later}: RUNNING`);
  });

  it('asks which run is meant where two plans share a slot, and takes --plan for an answer', async () => {
    const vault = new MemoryVault();
    for (const plan of [planOf([APP]), planOf([UPLOADS], { plan: 'media' })]) begun(vault, plan);
    const backend = backendOver(vault);

    expect(await cli(['show', SUNDAY], { backend })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /each of these plans: nightly, media\nremedy: Say which: nightproof show \S+ --plan nightly\n/,
      ),
    });
    const { stdout } = await cli(['show', SUNDAY, '--plan', 'media', '--json'], { backend });
    expect(RunOutput.parse(JSON.parse(stdout))).toMatchObject({ plan: 'media', sources: [{ sourceId: 'uploads' }] });
  });

  it('shows the tries of a plan that is not the nightly one, which lie where those of all plans lie', async () => {
    const vault = new MemoryVault();
    const media = planOf([UPLOADS], { plan: 'media' });
    begun(vault, media);
    const { failedTry } = await import('../support/night.ts');
    failedTry(vault, 'uploads', SUNDAY, 1, 'storage', minutesAfter(SUNDAY, 2));

    const { stdout } = await cli(['show', SUNDAY, '--json'], { backend: backendOver(vault), now: minutesAfter(SUNDAY, 3) });

    expect(RunOutput.parse(JSON.parse(stdout)).sources[0]?.failedTries).toHaveLength(1);
  });

  it('starts a plan by its name, and leads back to it', async () => {
    const backend = backendOver(new MemoryVault());

    const { stdout } = await cli(['run', '--plan', 'media', '--no-wait'], { backend });

    expect(backend.inputs).toEqual([{ plan: 'media' }]);
    expect(stdout).toContain(`nightproof show ${SUNDAY} --plan media\n`);
    expect(await cli(['run', '--plan', 'Media!'], { backend })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no name of a plan'),
    });
  });

  it('follows the run of a plan by its records', async () => {
    const vault = new MemoryVault();
    const media = planOf([UPLOADS], { plan: 'media' });
    begun(vault, planOf([APP], { execution: 'another' }));
    begun(vault, media);
    record(vault, media, [verifiedOutcome('uploads', SUNDAY)]);
    const backend = backendOver(vault, { states: [{ status: 'succeeded', output: {} }] });

    const { code, stdout } = await cli(['run', '--plan', 'media'], { backend });

    expect({ code, plan: /^Plan +(.*)$/m.exec(stdout)?.[1] }).toEqual({ code: 0, plan: 'media' });
    expect(stdout).toContain(`nightproof show ${SUNDAY} --plan media\n`);
  });
});

describe('list --set', () => {
  const MEDIA = { plan: 'media' };

  /** Four runs: two nights, of which the newer lacks a source, one of another plan, and one by hand. */
  function sets(): MemoryVault {
    const vault = wholeNight();
    const night = (
      slot: Plan['slot'],
      asked: readonly ConfiguredSource[],
      there: readonly Source[],
      facts: Partial<Plan> = {},
    ) => {
      begun(vault, planOf(asked, { slot, ...facts }));
      for (const source of there) backedUp(vault, source, slot);
    };
    night(slotBefore(SUNDAY, -1), [APP, ROLES], [APP]);
    night(slotBefore(SUNDAY, 1), [UPLOADS], [UPLOADS], MEDIA);
    night(slotBefore(SUNDAY, 2), [APP], [APP], { trigger: 'manual', named: true });
    return vault;
  }

  it('groups backups by their run, and says what is missing and which set survives', async () => {
    const args = ['list', '--set'];

    const result = await cli(args, { backend: backendOver(sets()), now: minutesAfter(SUNDAY, 30 * 60) });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/list-sets.txt');
  });

  it('prints JSON of a closed schema, of one slot where one is named', async () => {
    const backend = backendOver(sets());

    const { code, stdout } = await cli(['list', '--set', SUNDAY, '--json'], { backend });

    expect(code).toBe(0);
    expect(SetsOutput.parse(JSON.parse(stdout)).sets).toMatchObject([
      {
        slot: SUNDAY,
        plan: 'nightly',
        state: 'complete',
        missing: [],
        sources: ['app', 'roles', 'uploads', 'secrets', RPPS_15.id],
      },
    ]);
  });

  it('takes no set for whole of which an object is gone, or of which a group was not looked into', async () => {
    const gone = wholeNight();
    await gone.remove([`daily/app_${SUNDAY}.dump`]);
    const blind = wholeNight();
    await blind.remove([`runs/2026/04/${SUNDAY}/found.json`]);
    const stateOf = async (vault: MemoryVault) => {
      const { code, stdout } = await cli(['list', '--set', '--json'], { backend: backendOver(vault) });
      const [set] = SetsOutput.parse(JSON.parse(stdout)).sets;
      return { code, state: set?.state, missing: set?.missing };
    };

    expect(await stateOf(gone)).toEqual({ code: 1, state: 'incomplete', missing: ['app'] });
    expect(await stateOf(blind)).toEqual({ code: 1, state: 'incomplete', missing: ['rpps'] });
  });

  it('is refused with what is no slot, and beside a source', async () => {
    expect(await cli(['list', '--set', 'yesterday'])).toMatchObject({ code: 2, stderr: expect.stringContaining('is no slot') });
    expect(await cli(['list', '--set', '--source', 'app'])).toMatchObject({ code: 2 });
  });
});

it('takes damaged records of groups for what they are: nothing is known', async () => {
  const vault = wholeNight();
  vault.put(`runs/2026/04/${SUNDAY}/found.json`, { version: 1 });

  const { code, stdout } = await cli(['show', SUNDAY, '--json'], { backend: backendOver(vault) });

  const output = RunOutput.parse(JSON.parse(stdout));
  expect(code).toBe(0);
  expect(output.findings).toHaveLength(1);
  expect(output.sources.map(({ sourceId }) => sourceId)).toContain('rpps');
  expect(vault.keys(planKey(planOf([])))).toHaveLength(1);
  expect(vault.keys(outcomeKey(planOf([]), 'rpps'))).toHaveLength(0);
});
