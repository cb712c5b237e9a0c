import { beforeEach, describe, expect, it } from 'vitest';
import { newestKey } from '../../lib/cli/download/download-choice.ts';
import { takeInventory } from '../../lib/cli/list/inventory.ts';
import { lookAtStatus } from '../../lib/cli/status/status-look.ts';
import { TIERS } from '../../lib/domain/backup/tiers.ts';
import { recordDamage } from '../../lib/runtime/verify/record-damage.ts';
import { backendOver, cli } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, minutesAfter, SUNDAY, slotBefore } from '../support/night.ts';

let vault: MemoryVault;
let newest: string;
let before: string;
beforeEach(async () => {
  vault = new MemoryVault();
  before = backup(vault, 'app', slotBefore(SUNDAY, 1));
  newest = backup(vault, 'app', SUNDAY);
  const damage = { foundAt: '2026-04-20T06:00:00Z', foundBy: 'patrol', problem: `${newest}: other bytes` } as const;
  await recordDamage(vault, { key: newest, ...damage });
});

describe('a backup that was found damaged', () => {
  it('is no backup to the list, which names it and what is wrong with it', async () => {
    const found = await takeInventory(vault, { tiers: TIERS, limit: 10 });
    expect(found.backups.map(({ key }) => key)).toEqual([before]);
    expect(found).toMatchObject({ total: 1, withoutManifest: [], foreign: [] });
    expect(found.findings).toEqual([{ key: newest, problem: 'was found damaged on 2026-04-20 (patrol): other bytes' }]);
  });

  it('is the newest of its source no more', async () => {
    const operations = {
      schedules: async () => [],
      running: async () => [],
      alarms: async () => [],
      close: async () => undefined,
    };
    const { sources } = await lookAtStatus(vault, operations as never, minutesAfter(SUNDAY, 10));
    expect(sources).toMatchObject([{ sourceId: 'app', newest: slotBefore(SUNDAY, 1) }]);
  });

  it('is shown as it is, with 1', async () => {
    const { code, stdout } = await cli(['show', newest], { backend: backendOver(vault) });
    expect(code).toBe(1);
    expect(stdout).toContain('was found damaged on 2026-04-20 (patrol): other bytes');
  });

  it('is not what download --latest takes', async () => {
    expect(await newestKey(backendOver(vault), 'app')).toBe(before);
  });
});
