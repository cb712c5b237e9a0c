import { Failure } from '../../domain/outcomes.ts';
import type { StoredObject } from '../vault.ts';
import { lookTwice } from '../verify/look-twice.ts';
import { plainBytes } from './plain-bytes.ts';
import { type ReadArchive, readArchive } from './read-archive.ts';
import type { RestoreDependencies, RestoreJob } from './restore-job.ts';

/** A backup's object in one version, which is read twice: once to know that it is right, and once to restore it. */
export interface StoredArchive extends ReadArchive {
  readonly stored: StoredObject;
  /** The plain bytes of the archive; throws in place of the end where they are others than before. */
  again(): AsyncGenerator<Buffer, void>;
}

/** Reads every byte of the backup that the manifest is of. Throws `damaged` where it is not what was backed up. */
export async function openArchive(job: RestoreJob, deps: RestoreDependencies): Promise<StoredArchive> {
  const { key, receipt } = job.manifest;
  if (receipt.encryption && !deps.decrypt) throw new Failure('identity', `${key} is encrypted, and no identity is configured`);
  const stored = await deps.vault.head(key);
  if (!stored) throw new Failure('damaged', `${key} is gone, though its manifest is there`);
  const again = () => plainBytes(stored, receipt, deps);
  return { ...(await lookTwice(() => readArchive(followed(again(), job, deps)))), stored, again };
}

async function* followed(plain: AsyncIterable<Buffer>, { manifest }: RestoreJob, { observer }: RestoreDependencies) {
  let bytes = 0;
  for await (const piece of plain) {
    bytes += piece.length;
    observer.moved?.(bytes, plainLength(manifest));
    yield piece;
  }
}

/** How long an archive is, decrypted. */
export const plainLength = ({ receipt }: RestoreJob['manifest']): number => receipt.encryption?.plainBytes ?? receipt.bytes;
