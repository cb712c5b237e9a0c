import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  NoSuchUpload,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type RetryPolicy, withRetries } from './retry.ts';

/** Clearing up is not worth the patience that a part is; the bucket's lifecycle rule does it in the end. */
const ABORT_RETRIES: RetryPolicy = { attempts: 4, baseMs: 100, capMs: 2_000 };

/** A part that was on its way when its upload was aborted can still arrive: then the abort has to be repeated. */
const ABORT_ROUNDS = 5;

/** Where an upload goes. */
export interface UploadTarget {
  readonly bucket: string;
  readonly key: string;
}

/** Aborts an upload until the store says that it is gone. */
export async function abortUpload(
  s3: S3Client,
  { bucket, key }: UploadTarget,
  uploadId: string,
  signal: AbortSignal,
): Promise<void> {
  const upload = { Bucket: bucket, Key: key, UploadId: uploadId };
  for (let round = 1; round <= ABORT_ROUNDS; round++) {
    await ignoringAbsence(signal, () => s3.send(new AbortMultipartUploadCommand(upload), { abortSignal: signal }));
    const parts = await ignoringAbsence(signal, () => s3.send(new ListPartsCommand(upload), { abortSignal: signal }));
    if (!parts) return;
  }
  throw new Error(`the multipart upload of ${key} is still open after ${ABORT_ROUNDS} aborts`);
}

/**
 * Aborts every open upload of exactly this key: what a task left that was killed, or that never learnt the id of its upload.
 * Safe since one task at a time works on a key; should an older one still live, its Complete fails, as it must.
 */
export async function abortOpenUploads(s3: S3Client, target: UploadTarget, signal: AbortSignal): Promise<void> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: target.bucket, Prefix: target.key }), {
    abortSignal: signal,
  });
  const ids = Uploads.flatMap(({ Key, UploadId }) => (Key === target.key && UploadId ? [UploadId] : []));
  for (const id of ids) await abortUpload(s3, target, id, signal);
}

async function ignoringAbsence<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await withRetries(ABORT_RETRIES, signal, request);
  } catch (error) {
    if (error instanceof NoSuchUpload || (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404))
      return undefined;
    throw error;
  }
}
