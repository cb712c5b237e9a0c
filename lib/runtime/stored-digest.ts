import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';

/** What the bytes of an object turned out to be. */
export interface StoredDigest {
  readonly bytes: number;
  readonly sha256: string;
  readonly crc32: string;
  /** What the store's client threw after the bytes or instead of some: a lost connection, or a checksum of its own that disagrees. */
  readonly fault?: unknown;
}

/** Reads a stream to its end, hashes every byte and shows each chunk to `watch`. */
export async function digestOf(body: Readable, watch: (chunk: Buffer) => Promise<unknown>): Promise<StoredDigest> {
  const sha256 = createHash('sha256');
  let crc = 0;
  let bytes = 0;
  const digest = () => ({ bytes, sha256: sha256.digest('hex'), crc32: crc.toString(16).padStart(8, '0') });
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      sha256.update(chunk);
      crc = crc32(chunk, crc);
      await watch(chunk);
    }
  } catch (fault) {
    return { ...digest(), fault };
  }
  return digest();
}
