import { describe, expect, it } from 'vitest';
import { installedSchedule } from '../../lib/cli/doctor/installed-schedule.ts';
import { ListOutput } from '../../lib/cli/list/list-output.ts';
import type { Operations } from '../../lib/cli/place/operations.ts';
import { BackupOutput } from '../../lib/cli/show/backup-output.ts';
import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { DrillEvidence } from '../../lib/domain/drill/evidence.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import { backendOver, cli, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, SUNDAY, slotBefore } from '../support/night.ts';
import { differs, drilled } from './operations.ts';

/** Evidence that speaks of the very bytes of a backup. */
async function drill(vault: MemoryVault, key: string, at: Slot, facts: Partial<DrillEvidence> = {}): Promise<void> {
  const manifest = await vault.readJson(manifestKey(key), Manifest);
  drilled(vault, key, at, { sha256: manifest?.receipt.sha256 ?? '', ...facts });
}

const KEY = `daily/app_${SUNDAY}.dump`;

/** A stack whose schedules are these. */
function operationsWith(cron: string): () => Promise<Operations> {
  const schedule = (starts: 'night' | 'drill', expression: string) =>
    installedSchedule({ name: starts, starts, expression, timeZone: 'UTC', state: 'ENABLED', input: '{}' });
  return async () => ({
    schedules: async () => [schedule('night', 'cron(0 2 * * ? *)'), schedule('drill', cron)],
    running: async () => [],
    alarms: async () => [],
    checks: async () => [],
    close: () => undefined,
  });
}

describe('list', () => {
  async function vaultWithDrills(): Promise<MemoryVault> {
    const vault = new MemoryVault();
    const [newest, older, oldest] = [0, 1, 2].map((days) => backup(vault, 'app', slotBefore(SUNDAY, days)));
    backup(vault, 'app', slotBefore(SUNDAY, 1), 'weekly');
    await drill(vault, older ?? '', slotBefore(SUNDAY, 8), differs('public.orders', 'is missing'));
    await drill(vault, older ?? '', slotBefore(SUNDAY, 1));
    await drill(vault, oldest ?? '', slotBefore(SUNDAY, 2));
    await drill(vault, oldest ?? '', slotBefore(SUNDAY, 1), differs('public.orders', 'is missing'));
    // of an object that lay under the key before: its bytes were others
    await drill(vault, newest ?? '', SUNDAY, { sha256: 'e'.repeat(64) });
    return vault;
  }

  it('shows of each backup how its last drill went; copies of one artifact share it', async () => {
    const args = ['list'];

    const result = await cli(args, { backend: backendOver(await vaultWithDrills()) });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/list-drilled.txt');
  });

  it('does not let a backup look good whose drill failed, on a narrow terminal either', async () => {
    const { stdout } = await cli(['list'], { backend: backendOver(await vaultWithDrills()), columns: 80 });

    expect(stdout).toMatch(new RegExp(`^${slotBefore(SUNDAY, 2)} .* DRILL FAILED`, 'm'));
  });

  it('tells it in JSON, and reads no more than the newest evidence of each', async () => {
    const vault = await vaultWithDrills();
    const read: string[] = [];
    const readJson = vault.readJson.bind(vault);
    vault.readJson = (key, schema) => {
      if (key.startsWith('drills/')) read.push(key);
      return readJson(key, schema);
    };

    const { stdout } = await cli(['list', '--json'], { backend: backendOver(vault) });

    const { backups } = ListOutput.parse(JSON.parse(stdout));
    expect(backups.map(({ tier, proof, lastDrill }) => [tier, proof, lastDrill?.result ?? 'never'])).toEqual([
      ['daily', 'verified', 'never'],
      ['daily', 'drilled', 'passed'],
      ['weekly', 'drilled', 'passed'],
      ['daily', 'verified', 'failed'],
    ]);
    expect(read).toHaveLength(3);
  });
});

describe('show', () => {
  it('shows the last drill in full, the ones before it, and when the schedule drills next', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    await drill(vault, KEY, slotBefore(SUNDAY, -14), {
      ...differs('public.orders', '41 rows, backed up were 42'),
      skipped: ['EVENT TRIGGER - audit'],
      probes: [
        { sql: 'SELECT count(*) > 0 FROM orders', passed: true, answer: 't' },
        { sql: 'SELECT max(placed) > now() - interval $$2 days$$ FROM orders', passed: false, answer: 'f' },
      ],
      warnings: ['the scratch server has another minor version'],
    });
    await drill(vault, KEY, slotBefore(SUNDAY, -7));
    const backend = backendOver(vault, { operations: operationsWith('cron(0 5 ? * SUN *)') });

    const { stdout, code } = await cli(['show', KEY], { backend });

    expect(code).toBe(0);
    await expect(stdout.slice(stdout.indexOf('Last drill'), stdout.indexOf('Restore it by hand'))).toMatchFileSnapshot(
      'golden/show-drilled.txt',
    );
  });

  it('has all of it in JSON', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    for (let week = 1; week <= 12; week++) await drill(vault, KEY, slotBefore(SUNDAY, -7 * week));
    const backend = backendOver(vault, { operations: operationsWith('cron(0 5 ? * SUN *)') });

    const { stdout } = await cli(['show', KEY, '--json'], { backend });

    const { drills, nextDrillAt } = BackupOutput.parse(JSON.parse(stdout));
    expect(drills.map(({ result }) => result)).toEqual(Array.from({ length: 10 }, () => 'passed'));
    expect(drills[0]?.at).toBe('2026-07-12T02:03:00.000Z');
    expect(nextDrillAt).toBe('2026-04-26T05:00:00.000Z');
  });

  it('shows a backup also to somebody who may not look at schedules', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);

    const { code, stdout } = await cli(['show', KEY], { backend: backendOver(vault) });

    expect(code).toBe(0);
    expect(stdout).toContain(`Last drill: never\n  Drill it    nightproof drill ${KEY}\n\n`);
  });
});
