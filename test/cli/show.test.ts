import { describe, expect, it } from 'vitest';
import { RunOutput } from '../../lib/cli/run/run-output.ts';
import { BackupOutput } from '../../lib/cli/show/backup-output.ts';
import { manifestKey, runRecordKey } from '../../lib/domain/backup/keys.ts';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { RetentionSummary } from '../../lib/domain/retention/retention-record.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { buildRunRecord } from '../../lib/domain/run/run-record.ts';
import type { SourceOutcome } from '../../lib/domain/run/source-outcome.ts';
import { backendOver, cli, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import {
  backup,
  begun,
  execution,
  failedOutcome,
  failedTry,
  manifestOf,
  minutesAfter,
  planOf,
  SUNDAY,
  settled,
  slotBefore,
  sourceOf,
  verifiedOutcome,
} from '../support/night.ts';

const SOURCES = ['app', 'crm', 'media'].map((id) => sourceOf(id));

function ended(vault: MemoryVault, plan: Plan, outcomes: readonly SourceOutcome[]): void {
  begun(vault, plan);
  for (const outcome of outcomes) settled(vault, plan, outcome);
  const retention: RetentionSummary = { result: 'done', kept: 34, removed: 2, warnings: [] };
  const finishedAt = new Date(Date.parse(plan.claimedAt) + 9 * 60_000);
  vault.put(runRecordKey(plan), buildRunRecord({ plan, outcomes, retention, finishedAt }));
}

const verified = (id: string, facts = {}): SourceOutcome => verifiedOutcome(id, SUNDAY, facts);

/** A night of which one source failed after two tries, and one warned. */
function badNight(): MemoryVault {
  const vault = new MemoryVault();
  failedTry(vault, 'crm', SUNDAY, 1, 'unreachable', minutesAfter(SUNDAY, 1));
  failedTry(vault, 'crm', SUNDAY, 2, 'permission', minutesAfter(SUNDAY, 3));
  ended(vault, planOf(SOURCES), [
    verified('app', {
      bytes: 470_000_000,
      counts: { of: 'database', tables: 12, rows: 1_204_331 },
      promoted: [`weekly/app_${SUNDAY}.dump`],
    }),
    { ...failedOutcome('crm', SUNDAY, 'permission'), tries: 2 } as SourceOutcome,
    verified('media', { warnings: ['the database changed its size by 40 % since the last night'] }),
  ]);
  return vault;
}

describe('show <slot>', () => {
  it.each([
    ['show-run', ['show', SUNDAY]],
    ['show-run-source', ['show', SUNDAY, '--source', 'crm']],
  ])('shows a run that failed, as in golden/%s.txt', async (name, args) => {
    await expect(transcript(args, await cli(args, { backend: backendOver(badNight()) }))).toMatchFileSnapshot(
      `golden/${name}.txt`,
    );
  });

  it('ends with 0 for a source that is verified in a run that failed', async () => {
    const { code } = await cli(['show', SUNDAY, '--source', 'app'], { backend: backendOver(badNight()) });

    expect(code).toBe(0);
  });

  it('shows a run that goes on, with the step of each source', async () => {
    const vault = new MemoryVault();
    const plan = planOf(SOURCES, { trigger: 'manual', reason: 'before migration 42' });
    begun(vault, plan);
    settled(vault, plan, verified('app'));
    failedTry(vault, 'media', SUNDAY, 1, 'busy', minutesAfter(SUNDAY, 2));
    vault.put(`runs/2026/04/${SUNDAY}/crm/try-001.json`, {
      result: 'receipt',
      receipt: manifestOf('crm', SUNDAY, Buffer.from('dump')).receipt,
    });

    const args = ['show', SUNDAY];
    const result = await cli(args, { backend: backendOver(vault), now: minutesAfter(SUNDAY, 3) });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/show-run-going-on.txt');
  });

  it('says of a run without a record that it is lost, once its owner cannot be alive', async () => {
    const vault = new MemoryVault();
    begun(vault, planOf(SOURCES));

    const { code, stdout } = await cli(['show', SUNDAY], { backend: backendOver(vault), now: minutesAfter(SUNDAY, 14 * 60) });

    expect(code).toBe(1);
    expect(stdout).toContain(`Run ${SUNDAY}: LOST, 0 of 3 sources verified`);
    expect(stdout).toContain(`nightproof run --slot ${SUNDAY}`);
  });

  it('shows the last attempt, and an earlier one where it is named', async () => {
    const vault = badNight();
    const again = planOf(SOURCES, {
      attempt: 2,
      execution: execution('second'),
      alreadyVerified: ['app', 'media'],
      claimedAt: minutesAfter(SUNDAY, 60).toISOString(),
    });
    ended(vault, again, [verified('crm')]);
    const backend = backendOver(vault);
    const args = ['show', SUNDAY];

    await expect(transcript(args, await cli(args, { backend }))).toMatchFileSnapshot('golden/show-run-second.txt');

    expect(await cli([...args, '--attempt', '1'], { backend })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('1 of 2'),
    });
    expect(await cli([...args, '--attempt', '3'], { backend })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('has 2 attempts'),
    });
  });

  it('knows from the record of sources that vanished without a word', async () => {
    const vault = new MemoryVault();
    ended(vault, planOf(SOURCES), [verified('app'), verified('crm')]);

    const { code, stdout } = await cli(['show', SUNDAY], { backend: backendOver(vault) });

    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED {2}media\n {2}Reason {6}interrupted: /);
  });

  it('shows a damaged record as a finding', async () => {
    const vault = badNight();
    vault.put(runRecordKey(planOf(SOURCES)), { version: 1, slot: SUNDAY });

    const { code, stdout } = await cli(['show', SUNDAY], { backend: backendOver(vault) });

    expect(code).toBe(1);
    expect(stdout).toContain(`Run ${SUNDAY}: ENDED`);
    expect(stdout).toContain(`FINDINGS\n  runs/2026/04/${SUNDAY}.json\n    is not what nightproof writes there`);
  });

  it('prints JSON of a closed schema', async () => {
    const { code, stdout } = await cli(['show', SUNDAY, '--json'], { backend: backendOver(badNight()) });

    const output = RunOutput.parse(JSON.parse(stdout));
    expect(code).toBe(1);
    expect(output).toMatchObject({ state: 'ended', status: 'failed', slot: SUNDAY });
    expect(output.sources.map(({ sourceId, step }) => `${sourceId} ${step}`)).toEqual([
      'app verified',
      'crm failed',
      'media verified',
    ]);
    expect(output.sources[1]?.failedTries.map(({ failure }) => failure.reason)).toEqual(['unreachable', 'permission']);
  });

  it('keeps control characters of reasons and names from the terminal', async () => {
    const vault = new MemoryVault();
    const evil = '\u001b[2J\u0007gone\nOK: all verified';
    ended(vault, planOf(SOURCES.slice(0, 1), { trigger: 'manual', reason: evil }), [verified('app', { warnings: [evil] })]);

    const { stdout } = await cli(['show', SUNDAY], { backend: backendOver(vault) });

    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(stdout).not.toMatch(/^OK: all/m);
  });
});

describe('show latest', () => {
  it.each([0, 1, 8, 40, 200, 3000])('finds the newest run, be it %i days old', async (days) => {
    const vault = new MemoryVault();
    for (const back of [days, days + 1, days + 31]) {
      const plan = planOf(SOURCES.slice(0, 1), { slot: slotBefore(SUNDAY, back) });
      ended(vault, plan, [verifiedOutcome('app', plan.slot)]);
    }

    const { code, stdout } = await cli(['show', 'latest'], { backend: backendOver(vault) });

    expect(code).toBe(0);
    expect(stdout).toContain(`Run ${slotBefore(SUNDAY, days)}: OK`);
  });

  it('finds the newest run that has a source', async () => {
    const vault = new MemoryVault();
    const older = planOf(SOURCES, { slot: slotBefore(SUNDAY, 1) });
    ended(
      vault,
      older,
      SOURCES.map(({ id }) => verifiedOutcome(id, older.slot)),
    );
    ended(vault, planOf(SOURCES.slice(0, 1)), [verified('app')]);

    const { stdout } = await cli(['show', 'latest', '--source', 'crm'], { backend: backendOver(vault) });

    expect(stdout).toContain(`Run ${older.slot}: OK, 1 of 1 source verified (2 more in the run)`);
  });

  it('ends with 1 where there is no run yet', async () => {
    const backend = backendOver(new MemoryVault());

    expect(await cli(['show', 'latest'], { backend })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('remedy: Start one: nightproof run\n'),
    });
    expect(await cli(['show', SUNDAY], { backend })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`no run has the slot ${SUNDAY}`),
    });
  });
});

describe('show <key>', () => {
  const key = `daily/app_${SUNDAY}.dump`;

  function withTables(count: number): MemoryVault {
    const vault = new MemoryVault();
    const body = Buffer.from('dump');
    const manifest = manifestOf('app', SUNDAY, body);
    const tables = Array.from({ length: count }, (_, n) => ({
      schema: 'public',
      name: `t${n}`,
      rows: n * 1000,
      bytes: n * 100_000,
      sha256: 'c'.repeat(64),
    }));
    const { receipt } = manifest;
    if (receipt.kind !== 'database') throw new Error('not a dump');
    const contents = { ...receipt.contents, tables, largeObjects: { count: 2, bytes: 5000, sha256: 'b'.repeat(64) } };
    vault.put(key, body);
    vault.put(manifestKey(key), { ...manifest, receipt: { ...receipt, contents } } satisfies Manifest);
    return vault;
  }

  it('shows proof, contents and how to restore it by hand', async () => {
    const args = ['show', key];

    await expect(transcript(args, await cli(args, { backend: backendOver(withTables(25)) }))).toMatchFileSnapshot(
      'golden/show-backup.txt',
    );
  });

  it('shows where a local backup lies as a file', async () => {
    const backend = backendOver(withTables(1), {
      locate: (at) => ({ file: `/my vault/bucket/${at}` }),
      flags: " --local '/my vault'",
    });

    const { stdout } = await cli(['show', `${key}.manifest.json`], { backend });

    expect(stdout).toContain(`  backup='/my vault/bucket/${key}'\n`);
    expect(stdout).not.toContain('aws s3');
  });

  it('shows every table with --all, and takes an s3:// address', async () => {
    const { stdout } = await cli(['show', `s3://vault/${key}`, '--all'], { backend: backendOver(withTables(25)) });

    expect(stdout.match(/^ {2}public\.t\d+ /gm)).toHaveLength(25);
  });

  it('prints JSON of a closed schema', async () => {
    const { code, stdout } = await cli(['show', key, '--json'], { backend: backendOver(withTables(25)) });

    const output = BackupOutput.parse(JSON.parse(stdout));
    expect(code).toBe(0);
    expect(output.manifest.receipt.contents).toMatchObject({ tables: expect.objectContaining({ length: 25 }) });
    expect(output.stored?.crc32).toBe(output.manifest.receipt.crc32);
  });

  it('notices that the object is not what the manifest says', async () => {
    const vault = withTables(1);
    vault.put(key, 'dumq');

    const { code, stdout } = await cli(['show', key], { backend: backendOver(vault) });

    expect(code).toBe(1);
    expect(stdout).toMatch(/FINDINGS\n {2}daily\/app_\S+\n {4}has the CRC32 [0-9a-f]{8}, but its manifest says/);
  });

  it('says what an object without a manifest is, and what is not there', async () => {
    const vault = new MemoryVault();
    vault.put(key, 'half a dump');
    const backend = backendOver(vault);

    expect(await cli(['show', key], { backend })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no manifest, so it is no backup'),
    });
    expect(await cli(['show', `weekly/app_${SUNDAY}.dump`], { backend })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no backup weekly/app'),
    });
  });

  it('warns of a manifest that cannot be read', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    vault.put(manifestKey(key), { version: 1 });

    const { code, stderr } = await cli(['show', key], { backend: backendOver(vault) });

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: the manifest of daily\/app_\S+ is not what nightproof writes there .+\nremedy: Do not count on this backup\./,
    );
  });
});
