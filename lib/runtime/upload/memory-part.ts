import { crc32 } from 'node:zlib';
import type { Part } from './part.ts';

/**
 * Buffers that parts are filled into, used again and again: at 16 MiB each, making new ones would leave the garbage collector
 * hundreds of MiB behind. Only as many exist as parts were open at once.
 */
export class SlabPool {
  #free: Buffer[] = [];
  #closed = false;

  take(bytes: number): Buffer {
    const slab = this.#free.pop();
    if (slab && slab.length >= bytes) return slab;
    // parts have grown: what is free is too small for all that follow
    this.#free = [];
    return Buffer.allocUnsafeSlow(bytes);
  }

  give(slab: Buffer): void {
    if (!this.#closed) this.#free.push(slab);
  }

  /** Lets go of all slabs, and of those that are still to be given back: from now on no part lies in memory. */
  close(): void {
    this.#free = [];
    this.#closed = true;
  }
}

/** A part in memory. */
export class MemoryPart implements Part {
  readonly #pool: SlabPool;
  readonly #capacity: number;
  #slab: Buffer;
  #bytes = 0;

  constructor(pool: SlabPool, capacity: number) {
    this.#pool = pool;
    this.#capacity = capacity;
    this.#slab = pool.take(capacity);
  }

  get room(): number {
    return this.#capacity - this.#bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get crc32(): number {
    return crc32(this.body());
  }

  write(bytes: Buffer): void {
    this.#slab.set(bytes, this.#bytes);
    this.#bytes += bytes.length;
  }

  body(): Uint8Array {
    return this.#slab.subarray(0, this.#bytes);
  }

  release(): void {
    this.#pool.give(this.#slab);
    this.#slab = Buffer.alloc(0);
    this.#bytes = 0;
  }
}
