import { beforeEach, expect, it } from 'vitest';
import { plan } from '../../functions/plan/plan.ts';
import { promote } from '../../functions/promote/promote.ts';
import { damagedKey, manifestKey } from '../../lib/domain/backup/keys.ts';
import { planSweep } from '../../lib/domain/retention/sweep.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import { isGoodBackup } from '../../lib/runtime/backups.ts';
import { recordDamage } from '../../lib/runtime/verify/record-damage.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, begun, configOf, minutesAfter, planOf, SUNDAY, slotBefore, sourceOf } from '../support/night.ts';

const FOUND = { foundAt: '2026-04-19T06:00:00Z', foundBy: 'patrol' } as const;
let vault: MemoryVault;
beforeEach(() => {
  vault = new MemoryVault();
});

const damage = (key: string, problem = 'other bytes') => recordDamage(vault, { key, ...FOUND, problem });

it('is on record once, by the first who finds it, and its bytes stay', async () => {
  const key = backup(vault, 'alpha', SUNDAY);
  expect(await isGoodBackup(vault, key)).toBe(true);
  expect(await damage(key)).toBe('written');
  expect(await damage(key, 'something else')).toBe('exists');
  expect(await isGoodBackup(vault, key)).toBe(false);
  expect(vault.json(damagedKey(key))).toEqual({ version: 1, key, ...FOUND, problem: 'other bytes' });
  expect(vault.keys()).toEqual([key, damagedKey(key), manifestKey(key)]);
});

it('is not copied up, and a copy of it that is damaged is none', async () => {
  const friday = slotBefore(SUNDAY, 9);
  const older = backup(vault, 'alpha', friday);
  await damage(older);
  const daily = backup(vault, 'alpha', SUNDAY);
  const planKey = begun(vault, planOf([sourceOf('alpha')]));
  const job = { planKey, id: 'alpha', manifestKey: manifestKey(daily) };
  const { promoted } = await promote({ vault, now: () => minutesAfter(SUNDAY, 9) })(job);
  expect(promoted.filter((key) => key.includes(friday))).toEqual([]);
  const weekly = `weekly/alpha_${SUNDAY}.dump`;
  expect(promoted).toContain(weekly);

  await damage(weekly);
  await vault.remove([manifestKey(weekly)]);
  expect(await promote({ vault, now: () => minutesAfter(SUNDAY, 9) })(job)).toMatchObject({
    warnings: [`weekly: ${weekly} was found damaged, and is left as it is`],
  });
  await damage(daily);
  await vault.remove(promoted.flatMap((key) => [key, manifestKey(key)]));
  expect(await promote({ vault, now: () => minutesAfter(SUNDAY, 9) })(job)).toMatchObject({ promoted: [] });
});

it('does not make a slot complete, so that its run can be asked for again', async () => {
  const config = configOf([sourceOf('alpha'), sourceOf('beta')]);
  for (const id of ['alpha', 'beta']) backup(vault, id, SUNDAY);
  await damage(`daily/alpha_${SUNDAY}.dump`);
  const night = plan({ vault, config, now: () => minutesAfter(SUNDAY, 1) });
  const input = { scheduledTime: '2026-04-19T02:00:00Z' };
  const claimed = await night({ input, execution: 'first', startedAt: '2026-04-19T02:00:30Z' });
  if (!claimed.claimed) throw new Error('the slot was not claimed');
  expect(vault.json(claimed.planKey)).toMatchObject({ alreadyVerified: ['beta'] });
});

it('is no litter for the sweep, and neither is its record', async () => {
  const key = backup(vault, 'alpha', slotBefore(SUNDAY, 3));
  await damage(key);
  const lone = `daily/alpha_${slotBefore(SUNDAY, 5)}.dump`;
  await damage(lone);
  const at = (slot: Slot) => minutesAfter(slot, 10);
  const objects = [...vault.keys(), `weekly/alpha_${SUNDAY}.dump`].map((one) => ({
    key: one,
    lastModified: one.startsWith('weekly') ? at(SUNDAY) : at(slotBefore(SUNDAY, 3)),
  }));
  const { decisions } = planSweep({ now: at(SUNDAY), longestRunHours: 13, uploads: [], objects });
  const going = decisions.filter(({ action }) => action === 'remove').map(({ key: one }) => one);
  // of a backup that was removed, its record goes as well
  expect(going).toEqual([damagedKey(lone)]);
});
