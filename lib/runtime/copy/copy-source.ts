import { type CreateMultipartUploadCommandInput, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { Failure } from '../../domain/outcomes.ts';
import { storageFailure } from '../storage-failure.ts';
import { storedCrc32 } from '../stored-crc32.ts';
import type { StoredObject } from '../vault.ts';
import type { CopyStore } from './copy-store.ts';

/** What an object carries beside its bytes and tags. */
export type ObjectProperties = Pick<
  CreateMultipartUploadCommandInput,
  'CacheControl' | 'ContentDisposition' | 'ContentEncoding' | 'ContentLanguage' | 'ContentType' | 'Metadata'
>;

/** The one version that is copied, whatever is written under its key meanwhile. */
export interface CopySource {
  readonly key: string;
  readonly versionId?: string;
  readonly bytes: number;
  readonly crc32: string;
  readonly properties: ObjectProperties;
}

/** Looks at the source. Throws where it is not what the caller takes it for. */
export async function openSource({ s3, bucket }: CopyStore, from: StoredObject): Promise<CopySource> {
  const { key, bytes, crc32, versionId } = from;
  const found = await s3
    .send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId, ChecksumMode: 'ENABLED' }))
    .catch((error: unknown) => {
      throw storageFailure(`HeadObject ${key}`, error);
    });
  const stored = storedCrc32(found) ?? crc32;
  if (crc32 === undefined || found.ContentLength !== bytes || stored !== crc32)
    throw new Failure('conflict', `${key} has another content than the one that was to be copied`);
  const pinned = versionId ?? found.VersionId;
  return { key, bytes, crc32, properties: propertiesOf(found), ...(pinned && { versionId: pinned }) };
}

/** The source of a request, as S3 spells it. */
export function copySource(bucket: string, { key, versionId }: CopySource): string {
  const version = versionId ? `?versionId=${encodeURIComponent(versionId)}` : '';
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}${version}`;
}

function propertiesOf(found: HeadObjectCommandOutput): ObjectProperties {
  const { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType, Metadata } = found;
  return { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType, Metadata };
}
