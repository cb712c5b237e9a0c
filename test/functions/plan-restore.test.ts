import { beforeEach, describe, expect, it } from 'vitest';
import { planRestore } from '../../functions/plan-restore/plan-restore.ts';
import { damagedKey, manifestKey } from '../../lib/domain/backup/keys.ts';
import { restoreItemsKey, restorePlanKey } from '../../lib/domain/backup/operation-keys.ts';
import type { RestoreTarget } from '../../lib/domain/restore/restore-target.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, configOf, SUNDAY, slotBefore, sourceOf } from '../support/night.ts';
import { targetOf, WEB } from '../support/restores.ts';

const TARGETS: Record<string, RestoreTarget> = {
  main: targetOf({ connection: { secret: 'secret/other', auth: 'password', sslMode: 'verify-full' } }),
  // the very server that shop is backed up from
  home: targetOf({ connection: { secret: 'secret/shop', auth: 'password', sslMode: 'verify-full' } }),
  live: targetOf({ production: true, services: [WEB] }),
  disk: targetOf({ connection: undefined, volume: 'media' }),
};
const config = configOf([sourceOf('shop'), sourceOf('crm')], { restore: { identity: 'age/key', targets: TARGETS } });

let vault: MemoryVault;
let newest: string;
const plan = (input: unknown, name = 'r1') =>
  planRestore({ vault, config })({ input, name, execution: `arn:${name}`, startedAt: '2026-04-20T08:00:00.000Z' });
const asked = (more: object = {}) => ({ backup: { source: 'shop' }, target: 'main', confirm: 'main/shop', ...more });

beforeEach(() => {
  vault = new MemoryVault();
  backup(vault, 'shop', slotBefore(SUNDAY, 1));
  newest = backup(vault, 'shop', SUNDAY);
  backup(vault, 'crm', SUNDAY);
});

describe('a restore is planned', () => {
  it('for the newest backup, with all that its steps need, and nothing outside of restores/ is written', async () => {
    const before = vault.keys();
    expect(await plan(asked())).toEqual({
      name: 'r1',
      planKey: restorePlanKey('r1'),
      itemsKey: restoreItemsKey('r1'),
      items: 1,
      target: 'main',
      services: false,
    });
    expect(vault.json(restorePlanKey('r1'))).toMatchObject({
      stamp: '20260420_080000',
      targetName: 'main',
      identity: 'age/key',
      items: [{ n: 0, kind: 'database', key: newest, database: 'shop', mode: 'swap', owners: true, compare: true }],
    });
    expect(vault.json(restoreItemsKey('r1'))).toEqual([{ n: 0, task: 'plain' }]);
    expect(vault.keys().filter((key) => !before.includes(key))).toEqual([restoreItemsKey('r1'), restorePlanKey('r1')]);
  });

  it.each([
    ['the newest undamaged one', { source: 'shop' }, true, slotBefore(SUNDAY, 1)],
    ['one of a slot', { source: 'shop', at: slotBefore(SUNDAY, 1) }, false, slotBefore(SUNDAY, 1)],
    ['one of a day', { source: 'shop', at: '2026-04-18' }, false, slotBefore(SUNDAY, 1)],
    ['one by its key', { key: `daily/shop_${slotBefore(SUNDAY, 1)}.dump` }, false, slotBefore(SUNDAY, 1)],
  ])('for %s', async (_, wanted, rotten, slot) => {
    if (rotten) vault.put(damagedKey(newest), {});
    const confirm = 'key' in wanted ? `main/${wanted.key}` : 'main/shop';
    await plan(asked({ backup: wanted, confirm }));
    expect(vault.json(restorePlanKey('r1'))).toMatchObject({ items: [{ key: `daily/shop_${slot}.dump` }] });
  });

  it('for all that a night backed up, roles first', async () => {
    expect(await plan(asked({ backup: { set: SUNDAY }, confirm: `main/set ${SUNDAY}` }))).toMatchObject({ items: 2 });
  });

  it('the same when it is asked again, and never under the name of another', async () => {
    await plan(asked());
    backup(vault, 'shop', slotBefore(SUNDAY, -1));
    await plan(asked());
    expect(vault.json(restorePlanKey('r1'))).toMatchObject({ items: [{ key: newest }] });
    const other = planRestore({ vault, config })({
      input: asked(),
      name: 'r1',
      execution: 'arn:other',
      startedAt: '2026-04-20T08:00:00.000Z',
    });
    await expect(other).rejects.toMatchObject({ name: 'Nightproof.conflict' });
  });
});

describe('a restore is refused, and nothing is written,', () => {
  it.each([
    ['that is no object', 'shop', ['JSON object']],
    ['with fields that nobody knows', asked({ tabels: [] }), ['unknown "tabels"']],
    ['of a backup that is described in no known form', asked({ backup: { sorce: 'shop' } }), ['backup']],
    ['to a target that nobody knows', asked({ target: 'mian', confirm: 'mian/shop' }), ['did you mean "main"']],
    ['that is not confirmed word by word', asked({ confirm: 'main/shopp' }), ['confirm must be "main/shop"']],
    ['to production without saying so', asked({ target: 'live', confirm: 'live/shop' }), ['marked as production']],
    ['over its own source without saying so', asked({ target: 'home', confirm: 'home/shop' }), ['"overSource": true']],
    ['of a database to a volume', asked({ target: 'disk', confirm: 'disk/shop' }), ['has no connection']],
    ['of tables that would replace a whole database', asked({ tables: ['public.a'] }), ['"tables" with mode "swap"']],
    [
      'of a set under one name',
      asked({ backup: { set: SUNDAY }, database: 'x', confirm: `main/set ${SUNDAY}` }),
      ['"database" belongs to one backup'],
    ],
    ['of paths in a database', asked({ paths: ['a'] }), ['"paths" is for a tree']],
    ['with every problem at once', asked({ target: 'live', confirm: 'x' }), ['marked as production', 'confirm must be']],
  ])('%s', async (_, input, problems) => {
    const before = vault.keys();
    const refusal = plan(input);
    await expect(refusal).rejects.toMatchObject({ name: 'Nightproof.InputRefused' });
    for (const problem of problems) await expect(refusal).rejects.toThrow(problem);
    expect(vault.keys()).toEqual(before);
  });

  it.each([
    ['of a source that has none', { source: 'nothing' }, 'no-backup'],
    ['of a day that has none', { source: 'shop', at: '2020-01-01' }, 'no-backup'],
    ['of one that was found damaged', { key: 'daily/crm_20260419_020000.dump' }, 'damaged'],
  ])('%s', async (_, wanted, reason) => {
    vault.put(damagedKey('daily/crm_20260419_020000.dump'), {});
    const confirm = 'key' in wanted ? `main/${wanted.key}` : `main/${wanted.source}`;
    await expect(plan(asked({ backup: wanted, confirm }))).rejects.toMatchObject({ name: `Nightproof.${reason}` });
  });

  it('of a set of which one backup is damaged: half of it would pass for all', async () => {
    vault.put(damagedKey(newest), {});
    const set = asked({ backup: { set: SUNDAY }, confirm: `main/set ${SUNDAY}` });
    await expect(plan(set)).rejects.toThrow('these have no undamaged backup: shop');
  });

  it('of an object without a manifest', async () => {
    vault.put('daily/shop_20260421_020000.dump', 'x');
    const key = 'daily/shop_20260421_020000.dump';
    await expect(plan(asked({ backup: { key }, confirm: `main/${key}` }))).rejects.toMatchObject({
      name: 'Nightproof.no-backup',
    });
    expect(vault.keys()).not.toContain(manifestKey(key));
  });
});

it('a restore to the server of the source itself is planned when that is said in so many words', async () => {
  expect(await plan(asked({ target: 'home', confirm: 'home/shop', overSource: true }))).toMatchObject({ items: 1 });
  expect(await plan(asked({ target: 'home', database: 'shop_look', confirm: 'home/shop_look' }), 'r2')).toMatchObject({
    items: 1,
  });
  expect(await plan(asked({ target: 'live', confirm: 'live/shop', production: true }), 'r3')).toMatchObject({ services: true });
});
