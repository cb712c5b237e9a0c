import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Failure } from '../../domain/outcomes.ts';
import { partSizes } from '../../domain/store/part-plan.ts';
import { storageFailure } from '../storage-failure.ts';
import { MultipartUpload } from '../upload/multipart-upload.ts';
import { withRetries } from '../upload/retry.ts';
import type { CopySource } from './copy-source.ts';
import type { Copy, CopyStore } from './copy-store.ts';

/**
 * Copies an object by reading it and sending it again: for stores that do not compute the checksum of a range they copy (an S3
 * gateway may hand on that of its whole source), and so cannot prove what they joined. The object appears only when the bytes
 * that were read have the source's CRC32, and carries that checksum as any upload does.
 */
export async function copyThrough(store: CopyStore, source: CopySource, { to, tags, storageClass }: Copy): Promise<void> {
  const { s3, bucket, head, retries } = store;
  const properties = { ...source.properties, StorageClass: storageClass };
  const sizes = partSizes({ expectedBytes: source.bytes / 2 });
  const upload = new MultipartUpload(s3, { bucket, key: to, tags, properties, partSizes: sizes, head, retries });
  try {
    await send(store, source, upload);
    const sent = await upload.flush();
    if (sent.bytes !== source.bytes || sent.crc32 !== source.crc32)
      throw new Failure('conflict', `${source.key} has another content than the one that was to be copied`);
    await upload.complete();
  } catch (error) {
    await upload.abort().catch(() => undefined);
    throw error;
  }
}

/** Reads the source to its end, from where it stopped when the connection breaks. */
async function send(store: CopyStore, source: CopySource, upload: MultipartUpload): Promise<void> {
  const failed = new AbortController();
  let at = 0;
  const pass = async (): Promise<void> => {
    if (at >= source.bytes) return;
    for await (const piece of await bytesFrom(store, source, at)) {
      // the upload has had its own retries: it is not fed again
      await upload.write(piece).catch((error: unknown) => {
        failed.abort();
        throw error;
      });
      at += piece.length;
    }
    if (at < source.bytes) throw new Error(`only ${at} of ${source.bytes} bytes came`);
  };
  await withRetries(store.retries, failed.signal, pass).catch((error: unknown) => {
    throw storageFailure(`GetObject ${source.key}`, error);
  });
}

async function bytesFrom({ s3, bucket }: CopyStore, { key, versionId }: CopySource, at: number): Promise<AsyncIterable<Buffer>> {
  const rest = at > 0 ? { Range: `bytes=${at}-` } : {};
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId, ...rest }));
  return Body as Readable as AsyncIterable<Buffer>;
}
