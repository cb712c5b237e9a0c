import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { StorageClass } from '../../domain/source/storage-class.ts';
import type { CopyLimits } from '../../domain/store/copy-plan.ts';
import type { RetryPolicy } from '../upload/retry.ts';
import type { ObjectTags, StoredObject } from '../vault.ts';

/** What a copy is made with. */
export interface CopyStore {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly head: (key: string) => Promise<StoredObject | undefined>;
  readonly read: (key: string, versionId?: string) => Promise<Readable>;
  readonly limits: CopyLimits;
  readonly retries: RetryPolicy;
}

/** What is copied, and to where. */
export interface Copy {
  readonly from: StoredObject;
  readonly to: string;
  readonly tags: ObjectTags;
  /** @default STANDARD */
  readonly storageClass?: StorageClass;
}

/** A range of 5 GiB at 50 MB/s takes two minutes: a request without an answer after five gets none. */
const TRY_LIMIT_MS = 300_000;

/** Options of a request that has the store copy: a connection that went silent must not hold a copy up for good. */
export const oneTry = (): { readonly abortSignal: AbortSignal } => ({ abortSignal: AbortSignal.timeout(TRY_LIMIT_MS) });
