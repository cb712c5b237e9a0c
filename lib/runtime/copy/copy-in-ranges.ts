import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3ServiceException,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { crc32ToBase64 } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { type RangedCopy, rangeOf } from '../../domain/store/copy-plan.ts';
import { storageFailure } from '../storage-failure.ts';
import { abortOpenUploads } from '../upload/open-uploads.ts';
import { withRetries } from '../upload/retry.ts';
import { type CopySource, copySource } from './copy-source.ts';
import { type Copy, type CopyStore, oneTry } from './copy-store.ts';

/** Ranges that the store copies at a time: it is their number, not their size, that makes a large copy fast. */
const RANGES_IN_FLIGHT = 16;

/** How long clearing up may take. */
const CLEAR_LIMIT_MS = 20_000;

/**
 * Copies an object by `UploadPartCopy`: no byte passes through this process. The store is told the CRC32 of the source, and
 * makes no object of ranges that add up to another one: then the answer is `refused`.
 *
 * No upload stays open, neither one of an earlier copy that was killed nor, whatever happens, this one.
 */
export async function copyInRanges(
  store: CopyStore,
  source: CopySource,
  copy: Copy,
  plan: RangedCopy,
): Promise<'completed' | 'refused'> {
  const step = (name: string) => (error: unknown) => {
    throw storageFailure(`${name} ${copy.to}`, error);
  };
  const clear = () => abortOpenUploads(store.s3, { bucket: store.bucket, key: copy.to }, AbortSignal.timeout(CLEAR_LIMIT_MS));
  await clear().catch(step('AbortMultipartUpload'));
  try {
    const uploadId = await create(store, source, copy).catch(step('CreateMultipartUpload'));
    const parts = await copyRanges(store, source, { to: copy.to, uploadId, plan }).catch(step('UploadPartCopy'));
    return await complete(store, source, { to: copy.to, uploadId, parts });
  } finally {
    // after success too: a reply to CreateMultipartUpload may have been lost. What cannot be cleared now, the next copy or the
    // bucket's lifecycle rule clears; what happened before is worth more to the caller
    await clear().catch(() => undefined);
  }
}

async function create({ s3, bucket, retries }: CopyStore, source: CopySource, copy: Copy): Promise<string> {
  const request = new CreateMultipartUploadCommand({
    ...source.properties,
    Bucket: bucket,
    Key: copy.to,
    Tagging: new URLSearchParams(copy.tags).toString(),
    StorageClass: copy.storageClass,
    ChecksumAlgorithm: 'CRC32',
    ChecksumType: 'FULL_OBJECT',
  });
  const { UploadId } = await withRetries(retries, new AbortController().signal, () => s3.send(request));
  if (!UploadId) throw new Failure('storage', `CreateMultipartUpload ${copy.to}: no upload id`);
  return UploadId;
}

interface OpenCopy {
  readonly to: string;
  readonly uploadId: string;
  readonly plan: RangedCopy;
}

/** Copies every range, a few at a time. After the first that fails for good none is begun; those on their way arrive first. */
async function copyRanges(store: CopyStore, source: CopySource, open: OpenCopy): Promise<readonly CompletedPart[]> {
  const parts: CompletedPart[] = [];
  const ending = new AbortController();
  const failures: unknown[] = [];
  let begun = 0;
  const work = async (): Promise<void> => {
    while (begun < open.plan.count && !ending.signal.aborted) {
      const number = ++begun;
      parts[number - 1] = await copyRange(store, source, open, number, ending.signal);
    }
  };
  const lanes = Array.from({ length: Math.min(RANGES_IN_FLIGHT, open.plan.count) }, () =>
    work().catch((error: unknown) => {
      failures.push(error);
      ending.abort();
    }),
  );
  await Promise.all(lanes);
  if (failures.length > 0) throw failures[0];
  return parts;
}

async function copyRange(
  { s3, bucket, retries }: CopyStore,
  source: CopySource,
  { to, uploadId, plan }: OpenCopy,
  number: number,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const { first, last } = rangeOf(plan, number);
  const request = new UploadPartCopyCommand({
    Bucket: bucket,
    Key: to,
    UploadId: uploadId,
    PartNumber: number,
    CopySource: copySource(bucket, source),
    CopySourceRange: `bytes=${first}-${last}`,
  });
  const { CopyPartResult } = await withRetries(retries, signal, () => s3.send(request, oneTry()));
  return { PartNumber: number, ETag: CopyPartResult?.ETag, ChecksumCRC32: CopyPartResult?.ChecksumCRC32 };
}

interface CopiedRanges {
  readonly to: string;
  readonly uploadId: string;
  readonly parts: readonly CompletedPart[];
}

/** Joins the ranges to an object, unless the key is taken. A reply that is lost leaves open whether it is there, so that is looked at. */
async function complete(
  { s3, bucket, head, retries }: CopyStore,
  { bytes, crc32 }: CopySource,
  { to, uploadId, parts }: CopiedRanges,
): Promise<'completed' | 'refused'> {
  const request = new CompleteMultipartUploadCommand({
    Bucket: bucket,
    Key: to,
    UploadId: uploadId,
    MultipartUpload: { Parts: [...parts] },
    ChecksumCRC32: crc32ToBase64(crc32),
    ChecksumType: 'FULL_OBJECT',
    MpuObjectSize: bytes,
    IfNoneMatch: '*',
  });
  return withRetries(retries, new AbortController().signal, async () => {
    try {
      await s3.send(request, oneTry());
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'BadDigest') return 'refused';
      if (!(await head(to))) throw storageFailure(`CompleteMultipartUpload ${to}`, error);
    }
    return 'completed';
  });
}
