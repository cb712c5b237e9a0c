import { tryKey, tryPrefix } from '../domain/backup/keys.ts';
import { TryRecord } from '../domain/backup/receipt.ts';
import type { Slot } from '../domain/time/slot.ts';
import type { Vault } from './vault.ts';

/** The tries of one source in one slot, as they lie in the vault. */
export class TryRecords {
  readonly #vault: Vault;
  readonly #slot: Slot;
  readonly #sourceId: string;

  constructor(vault: Vault, slot: Slot, sourceId: string) {
    this.#vault = vault;
    this.#slot = slot;
    this.#sourceId = sourceId;
  }

  async *all(): AsyncIterable<TryRecord> {
    for await (const { key } of this.#vault.list(tryPrefix(this.#slot, this.#sourceId))) {
      const record = await this.#vault.readJson(key, TryRecord);
      if (record) yield record;
    }
  }

  /** Writes a record under the next number that is free; returns its key. */
  async add(record: TryRecord): Promise<string> {
    let n = 1;
    for await (const _ of this.#vault.list(tryPrefix(this.#slot, this.#sourceId))) n++;
    for (; ; n++) {
      const key = tryKey(this.#slot, this.#sourceId, n);
      if ((await this.#vault.putOnce(key, record)) === 'written') return key;
    }
  }
}
