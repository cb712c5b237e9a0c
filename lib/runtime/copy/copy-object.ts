import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { Failure } from '../../domain/outcomes.ts';
import { planCopy } from '../../domain/store/copy-plan.ts';
import { storageFailure } from '../storage-failure.ts';
import { digestOf } from '../stored-digest.ts';
import { withRetries } from '../upload/retry.ts';
import type { StoredObject } from '../vault.ts';
import { copyInRanges } from './copy-in-ranges.ts';
import { type CopySource, copySource, openSource } from './copy-source.ts';
import { type Copy, type CopyStore, oneTry } from './copy-store.ts';
import { copyThrough } from './copy-through.ts';

/**
 * Copies one version of an object of any size to a key that is free:
 *
 * 1. what lies under the key already is a copy, or a conflict;
 * 2. the source must be what the caller takes it for: a wrong copy would hold the key for good;
 * 3. up to 5 GB the store copies it whole, above that in ranges; a store whose checksum of joined ranges disagrees with the
 *    source's gets the bytes sent by this process;
 * 4. the copy is compared with the source, by size and by the CRC32 of all its bytes.
 */
export async function copyObject(store: CopyStore, copy: Copy): Promise<'copied' | 'exists'> {
  const { from, to } = copy;
  const present = await store.head(to);
  if (present) return (await isCopy(store, from, present)) ? 'exists' : otherContent(to);

  const source = await openSource(store, from);
  const plan = planCopy(from.bytes, store.limits);
  if (plan.kind === 'whole') await copyWhole(store, source, copy);
  else if ((await copyInRanges(store, source, copy, plan)) === 'refused') await copyThrough(store, source, copy);

  const made = await store.head(to);
  if (!made || !(await isCopy(store, from, made))) otherContent(to);
  return 'copied';
}

async function copyWhole({ s3, bucket, head, retries }: CopyStore, source: CopySource, copy: Copy): Promise<void> {
  const { to, tags, storageClass } = copy;
  const request = new CopyObjectCommand({
    Bucket: bucket,
    Key: to,
    CopySource: copySource(bucket, source),
    MetadataDirective: 'COPY',
    TaggingDirective: 'REPLACE',
    Tagging: new URLSearchParams(tags).toString(),
    ChecksumAlgorithm: 'CRC32',
    StorageClass: storageClass,
    IfNoneMatch: '*',
  });
  await withRetries(retries, new AbortController().signal, async () => {
    try {
      await s3.send(request, oneTry());
    } catch (error) {
      // the reply may be lost and the copy made; or somebody else was faster: what is there decides
      if (!(await head(to))) throw storageFailure(`CopyObject ${to}`, error);
    }
  });
}

/** Equal in size and in CRC32: the store's own where it keeps one of the whole, else that of the bytes, read here. Without the source's nothing is proved. */
async function isCopy(store: CopyStore, from: StoredObject, present: StoredObject): Promise<boolean> {
  if (from.crc32 === undefined || present.bytes !== from.bytes) return false;
  return (present.crc32 ?? (await readCrc32(store, present))) === from.crc32;
}

async function readCrc32({ read }: CopyStore, { key, versionId }: StoredObject): Promise<string> {
  const { crc32, fault } = await digestOf(await read(key, versionId), async () => undefined);
  if (fault !== undefined) throw storageFailure(`GetObject ${key}`, fault);
  return crc32;
}

function otherContent(key: string): never {
  throw new Failure('conflict', `${key} exists and has another content`);
}
