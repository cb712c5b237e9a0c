import { createHash } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';

/** What went into a file, counted and hashed on the way. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
  readonly crc32: string;
}

export interface HashedFile {
  readonly digest: Digest;
  /** Gives the file its name. Until then it is nobody's. */
  readonly keep: () => Promise<void>;
  readonly discard: () => Promise<void>;
}

export interface Writing {
  readonly file: string;
  /** Whether the remains of an earlier download may be written over. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Writes a stream, asked for once there is a file, to `<file>.part`, hashing what it writes; the caller decides whether it becomes `<file>`. Whatever goes wrong on
 * the way, nothing of it stays behind. Readable for its owner only: a backup holds all that its source holds.
 */
export async function writeHashed(read: () => Promise<Readable>, { file, force, signal, onBytes }: Writing): Promise<HashedFile> {
  const part = `${file}.part`;
  if (force) await rm(part, { force: true });
  // exclusive: two downloads into one file would each hash well what they have mixed
  const handle = await open(part, 'wx', 0o600);
  const { ino } = await handle.stat();
  const discard = (): Promise<void> => rm(part, { force: true });
  const sha = createHash('sha256');
  let crc = 0;
  let bytes = 0;
  const hash = new Transform({
    transform(chunk: Buffer, _, done) {
      sha.update(chunk);
      crc = crc32(chunk, crc);
      bytes += chunk.length;
      onBytes(bytes);
      done(null, chunk);
    },
  });
  try {
    // flush: once it has its name it must also survive a power cut
    await pipeline(await read(), hash, handle.createWriteStream({ flush: true }), { signal });
  } catch (error) {
    await handle.close().catch(() => undefined);
    await discard();
    throw error;
  }
  const digest = { bytes, sha256: sha.digest('hex'), crc32: crc.toString(16).padStart(8, '0') };
  const keep = async (): Promise<void> => {
    // another download with force may have put its own in this place
    if ((await stat(part)).ino !== ino) throw new Error(`${part} was replaced while it was written`);
    await rename(part, file);
  };
  return { digest, discard, keep };
}
