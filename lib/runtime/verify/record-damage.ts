import type { DamageRecord } from '../../domain/backup/damage.ts';
import { damagedKey } from '../../domain/backup/keys.ts';
import type { Vault } from '../vault.ts';

export type FoundDamage = Omit<DamageRecord, 'version'>;

/**
 * Says beside a backup that it is damaged; from then on it counts as none. The first to find it is on record, and nothing is
 * overwritten or removed: people look into it.
 */
export const recordDamage = (vault: Pick<Vault, 'putOnce'>, found: FoundDamage): Promise<'written' | 'exists'> =>
  vault.putOnce(damagedKey(found.key), { version: 1, ...found } satisfies DamageRecord);
