import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ZodType } from 'zod';
import { Failure } from '../domain/outcomes.ts';
import type { StorageClass } from '../domain/source/storage-class.ts';
import { COPY_LIMITS, type CopyLimits } from '../domain/store/copy-plan.ts';
import { copyObject } from './copy/copy-object.ts';
import { plainRead } from './plain-read.ts';
import { isAbsent, isTaken, storageFailure } from './storage-failure.ts';
import { storedCrc32 } from './stored-crc32.ts';
import { PART_RETRIES, type RetryPolicy } from './upload/retry.ts';
import type { ListedObject, ObjectTags, StoredObject, Vault } from './vault.ts';

const MAX_KEYS_PER_DELETE = 1000;

/** S3 gives every object a time. One without it must not look old. */
const NEVER = new Date(8.64e15);

/** How a vault copies; what is absent is as S3 has it. */
export interface CopyOptions {
  readonly limits?: CopyLimits;
  readonly retries?: RetryPolicy;
}

export class S3Vault implements Vault {
  readonly bucket: string;
  readonly #s3: S3Client;
  readonly #copies: CopyOptions;

  constructor(s3: S3Client, bucket: string, copies: CopyOptions = {}) {
    this.#s3 = s3;
    this.bucket = bucket;
    this.#copies = copies;
  }

  async putOnce(key: string, document: unknown): Promise<'written' | 'exists'> {
    const body = JSON.stringify(document, null, 2);
    try {
      await this.#s3.send(
        new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body, ContentType: 'application/json', IfNoneMatch: '*' }),
      );
      return 'written';
    } catch (error) {
      if (isTaken(error)) return 'exists';
      throw storageFailure(`PutObject ${key}`, error);
    }
  }

  async readJson<T>(key: string, schema: ZodType<T>): Promise<T | undefined> {
    let text: string;
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      text = (await Body?.transformToString()) ?? '';
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw storageFailure(`GetObject ${key}`, error);
    }
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new Failure(
      'storage',
      `${key} is not a document that nightproof wrote: ${parsed.error.issues[0]?.message ?? 'unreadable'}`,
    );
  }

  async head(key: string): Promise<StoredObject | undefined> {
    try {
      const found = await this.#s3.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key, ChecksumMode: 'ENABLED' }));
      const crc32 = storedCrc32(found);
      return {
        key,
        bytes: found.ContentLength ?? 0,
        ...(crc32 && { crc32 }),
        ...(found.VersionId && { versionId: found.VersionId }),
      };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw storageFailure(`HeadObject ${key}`, error);
    }
  }

  async read(key: string, versionId?: string): Promise<Readable> {
    try {
      const { Body } = await this.#s3.send(plainRead({ Bucket: this.bucket, Key: key, VersionId: versionId }));
      return Body as Readable;
    } catch (error) {
      throw storageFailure(`GetObject ${key}`, error);
    }
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    let after: string | undefined;
    do {
      const page = await this.#s3
        .send(new ListObjectsV2Command({ Bucket: this.bucket, Prefix: prefix, ContinuationToken: after }))
        .catch((error: unknown) => {
          throw storageFailure(`ListObjectsV2 ${prefix}`, error);
        });
      for (const { Key, Size = 0, LastModified = NEVER } of page.Contents ?? [])
        if (Key) yield { key: Key, bytes: Size, lastModified: LastModified };
      after = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (after);
  }

  copyOnce(from: StoredObject, to: string, tags: ObjectTags, storageClass?: StorageClass): Promise<'copied' | 'exists'> {
    const { limits = COPY_LIMITS, retries = PART_RETRIES } = this.#copies;
    const head = (key: string) => this.head(key);
    const read = (key: string, versionId?: string) => this.read(key, versionId);
    const store = { s3: this.#s3, bucket: this.bucket, head, read, limits, retries };
    return copyObject(store, { from, to, tags, ...(storageClass && { storageClass }) });
  }

  async remove(keys: readonly string[]): Promise<readonly { readonly key: string; readonly code: string }[]> {
    const refused: { key: string; code: string }[] = [];
    for (let start = 0; start < keys.length; start += MAX_KEYS_PER_DELETE) {
      const Objects = keys.slice(start, start + MAX_KEYS_PER_DELETE).map((Key) => ({ Key }));
      const { Errors } = await this.#s3
        .send(new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects, Quiet: true } }))
        .catch((error: unknown) => {
          throw storageFailure('DeleteObjects', error);
        });
      for (const { Key = '', Code = '' } of Errors ?? []) refused.push({ key: Key, code: Code });
    }
    return refused;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
