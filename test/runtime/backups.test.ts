import { describe, expect, it } from 'vitest';
import { artifactKey, damagedKey, manifestKey } from '../../lib/domain/backup/keys.ts';
import { listAllBackups, listBackups } from '../../lib/runtime/backups.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { SUNDAY, slotBefore } from '../support/night.ts';

const keyOf = (daysBefore: number, sourceId = 'app'): string =>
  artifactKey({ tier: 'daily', sourceId, slot: slotBefore(SUNDAY, daysBefore), format: 'dump' });

async function vaultWith(...keys: readonly string[]): Promise<MemoryVault> {
  const vault = new MemoryVault();
  for (const key of keys) await vault.putOnce(key, {});
  return vault;
}

describe('the backups of a source', () => {
  it('are those that have a manifest', async () => {
    const vault = await vaultWith(keyOf(0), manifestKey(keyOf(0)), keyOf(1), keyOf(0, 'app_b'), manifestKey(keyOf(0, 'app_b')));
    expect(await listBackups(vault, 'app', ['daily'])).toEqual([{ key: keyOf(0), tier: 'daily', slot: SUNDAY }]);
  });

  it('are damaged where the artifact is gone, and where a reader has said so', async () => {
    const vault = await vaultWith(
      ...[0, 1].flatMap((days) => [keyOf(days), manifestKey(keyOf(days))]),
      damagedKey(keyOf(1)),
      manifestKey(keyOf(2)),
    );
    const all = (await listAllBackups(vault, ['daily'])).get('app') ?? [];
    expect(Object.fromEntries(all.map(({ key, damaged = false }) => [key, damaged]))).toEqual({
      [keyOf(0)]: false,
      [keyOf(1)]: true,
      [keyOf(2)]: true,
    });
  });
});
