import { Readable } from 'node:stream';
import type { ReadableVault } from '../../lib/runtime/verify/watched-reads.ts';

/** Bytes of the second read, and where they are in the object. */
export type Meddle = (piece: Buffer, at: number) => Buffer | Promise<Buffer>;

/** A vault that gives the first reader the stored bytes, and the second one what a test makes of them; `beforeEnd` when it has all. */
export function secondReadOf(
  vault: ReadableVault,
  meddle: Meddle,
  beforeEnd: () => Promise<unknown> = async () => undefined,
): ReadableVault {
  let reads = 0;
  return {
    list: (prefix) => vault.list(prefix),
    head: (key) => vault.head(key),
    readJson: (key, schema) => vault.readJson(key, schema),
    async read(key, versionId) {
      const body = await vault.read(key, versionId);
      return ++reads === 2 ? Readable.from(meddled(body, meddle, beforeEnd)) : body;
    },
  };
}

const PIECE_BYTES = 4096;

async function* meddled(body: Readable, meddle: Meddle, beforeEnd: () => Promise<unknown>): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      const piece = Buffer.from(chunk.subarray(start, start + PIECE_BYTES));
      yield await meddle(piece, at);
      at += piece.length;
    }
  }
  await beforeEnd();
}

/** Changes one bit. */
export const flippedAt =
  (place: number): Meddle =>
  (piece, at) => {
    const offset = place - at;
    if (offset >= 0 && offset < piece.length) piece.writeUInt8(piece.readUInt8(offset) ^ 1, offset);
    return piece;
  };

/** Does something when this byte comes by, once. */
export function whenAt(place: number, act: () => unknown): Meddle {
  let done = false;
  return async (piece, at) => {
    if (!done && at + piece.length > place) {
      done = true;
      await act();
    }
    return piece;
  };
}
