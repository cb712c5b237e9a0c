import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Part } from './part.ts';

/** What is read from disk at a time. */
const READ_BYTES = 1024 ** 2;

/** A part on disk, in a file that has no name any more, so that nothing stays behind whatever happens to the process. */
export class SpooledPart implements Part {
  readonly #file: FileHandle;
  readonly #capacity: number;
  #bytes = 0;
  #crc32 = 0;
  #reading: Readable | undefined;

  private constructor(file: FileHandle, capacity: number) {
    this.#file = file;
    this.#capacity = capacity;
  }

  static async create(capacity: number, folder: string = tmpdir()): Promise<SpooledPart> {
    const path = join(folder, `nightproof-part-${randomUUID()}`);
    const file = await open(path, 'wx+', 0o600);
    await rm(path);
    return new SpooledPart(file, capacity);
  }

  get room(): number {
    return this.#capacity - this.#bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get crc32(): number {
    return this.#crc32;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#crc32 = crc32(bytes, this.#crc32);
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, this.#bytes + written);
      written += bytesWritten;
    }
    this.#bytes += bytes.length;
  }

  /** Not a stream of `node:fs`: destroying one closes the file, and this file is read once for each try. */
  body(): Readable {
    this.#reading?.destroy();
    this.#reading = Readable.from(this.#pieces(), { objectMode: false });
    // a request that was given up leaves its body behind; the next try reads the file anew
    this.#reading.on('error', () => undefined);
    return this.#reading;
  }

  async release(): Promise<void> {
    this.#reading?.destroy();
    await this.#file.close();
  }

  async *#pieces(): AsyncIterable<Buffer> {
    for (let at = 0; at < this.#bytes; ) {
      const length = Math.min(READ_BYTES, this.#bytes - at);
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafeSlow(length), 0, length, at);
      if (bytesRead === 0) throw new Error('a spooled part is shorter than what was written to it');
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }
}
