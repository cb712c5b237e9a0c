import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';

/** Hands over every byte of the archive, in order. */
export type ArchiveReader = (take: (piece: Uint8Array) => Promise<void>, signal: AbortSignal) => Promise<void>;

/**
 * Writes an archive to the disk while it is hashed; nothing else has looked at it before. Throws `damaged` where it is not, byte by byte,
 * what the receipt speaks of, and stops as soon as it is longer.
 */
export async function fetchArchive(read: ArchiveReader, path: string, receipt: Receipt, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  const other = (what: string): Failure => new Failure('damaged', `${receipt.key}: ${what}; the manifest says ${receipt.bytes}`);
  try {
    await read(async (piece) => {
      bytes += piece.length;
      if (bytes > receipt.bytes) throw other(`more than ${receipt.bytes} bytes`);
      hash.update(piece);
      for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten;
    }, signal);
  } catch (error) {
    throw isFull(error) ? new Failure('space', `no room for the archive after ${bytes} bytes`, { cause: error }) : error;
  } finally {
    await file.close();
  }
  if (bytes !== receipt.bytes) throw other(`read ${bytes} bytes`);
  const sha256 = hash.digest('hex');
  if (sha256 !== receipt.sha256) throw other(`read ${bytes} bytes with SHA-256 ${sha256}, not ${receipt.sha256}`);
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
