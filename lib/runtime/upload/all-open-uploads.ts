import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import type { OpenUpload } from '../../domain/retention/sweep.ts';
import { storageFailure } from '../storage-failure.ts';
import { abortUpload } from './open-uploads.ts';

const ABORT_LIMIT_MS = 20_000;

/** The multipart uploads of a bucket that are open. */
export interface OpenUploads {
  /** All of them, a page at a time. */
  list(): AsyncIterable<OpenUpload>;
  /** Throws where the store does not confirm it. */
  abort(upload: Pick<OpenUpload, 'key' | 'uploadId'>): Promise<void>;
}

export const openUploadsOf = (s3: S3Client, bucket: string): OpenUploads => ({
  async *list() {
    let after: { KeyMarker?: string; UploadIdMarker?: string } = {};
    for (;;) {
      const page = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...after })).catch((error: unknown) => {
        throw storageFailure('ListMultipartUploads', error);
      });
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (Key && UploadId && Initiated) yield { key: Key, uploadId: UploadId, initiated: Initiated };
      if (!page.IsTruncated) return;
      after = {
        ...(page.NextKeyMarker !== undefined && { KeyMarker: page.NextKeyMarker }),
        ...(page.NextUploadIdMarker !== undefined && { UploadIdMarker: page.NextUploadIdMarker }),
      };
    }
  },
  abort: ({ key, uploadId }) => abortUpload(s3, { bucket, key }, uploadId, AbortSignal.timeout(ABORT_LIMIT_MS)),
});
