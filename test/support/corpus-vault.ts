import { Readable } from 'node:stream';
import type { StoredObject } from '../../lib/runtime/vault.ts';
import { MemoryVault } from './memory-vault.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A vault in memory that hands out bytes in pieces of any length, and can be wrong about what lies in it, as a store is whose disk rots. */
export class CorpusVault extends MemoryVault {
  readonly #random: SeededRandom;
  readonly #believed = new Map<string, StoredObject>();

  constructor(objects: ReadonlyMap<string, Buffer>, random: SeededRandom) {
    super();
    this.#random = random;
    for (const [key, body] of objects) this.put(key, body);
  }

  /** Changes what lies under a key, and the store does not notice: it goes on telling size and checksum of what it was given. */
  async rot(key: string, body: Buffer): Promise<void> {
    const before = await this.head(key);
    if (before) this.#believed.set(key, before);
    this.put(key, body);
  }

  override async head(key: string): Promise<StoredObject | undefined> {
    return this.#believed.get(key) ?? super.head(key);
  }

  override async read(key: string): Promise<Readable> {
    const [whole = Buffer.alloc(0)] = (await (await super.read(key)).toArray()) as Buffer[];
    return Readable.from(this.#pieces(whole));
  }

  *#pieces(whole: Buffer): Iterable<Buffer> {
    const most = this.#random.pick([1000, 65_536, 1_000_000]);
    for (let at = 0; at < whole.length; ) {
      const length = this.#random.between(1, most);
      yield whole.subarray(at, at + length);
      at += length;
    }
  }
}
