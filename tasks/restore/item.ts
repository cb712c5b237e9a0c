import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { RestoreItem } from '../../lib/domain/restore/restore-plan.ts';
import type { RestoreItemRecord } from '../../lib/domain/restore/restore-record.ts';
import type { Decryption } from '../../lib/runtime/encryption/age-decryption.ts';
import type { RestoreDependencies } from '../../lib/runtime/restore/restore-job.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

export interface ItemDependencies extends Omit<RestoreDependencies, 'vault'> {
  readonly vault: Vault;
  readonly decrypt?: Decryption;
  /** Where the volume of the target is mounted; absent where it has none. */
  readonly volumeFolder?: string;
}

/** An item of a kind. */
export type Item<K extends RestoreItem['kind']> = Extract<RestoreItem, { kind: K }>;

/** What the record says of an item that was restored. */
export type RestoredItem = Pick<
  Extract<RestoreItemRecord, { result: 'restored' }>,
  'bytes' | 'seconds' | 'restored' | 'warnings'
>;

/** The plan and the manifest disagree, which nothing that was written by nightproof does. */
export const notOfKind = ({ key, kind }: Pick<Manifest, 'key' | 'kind'> | RestoreItem): Failure =>
  new Failure('internal', `${key} is no backup of kind ${kind}`);
