import type { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NotFound,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { ZodType } from 'zod';
import { Failure } from '../domain/outcomes.ts';
import { crc32FromBase64 } from '../domain/receipt.ts';

/** What the vault knows of an object without reading it. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** CRC32 of the whole object, as S3 computed it; absent where S3 keeps another checksum. */
  readonly crc32?: string;
  readonly versionId?: string;
}

/** Tags that lifecycle rules and cost reports select by. */
export type ObjectTags = Readonly<Record<string, string>>;

/** The bucket, as the rest of nightproof sees it: objects are written once and never overwritten. */
export interface Vault {
  readonly bucket: string;
  /** Writes a JSON document unless the key is taken. */
  putOnce(key: string, document: unknown): Promise<'written' | 'exists'>;
  /** The document under a key, checked against its schema; undefined where there is none. */
  readJson<T>(key: string, schema: ZodType<T>): Promise<T | undefined>;
  head(key: string): Promise<StoredObject | undefined>;
  /** The bytes of an object, one version of it where `versionId` is given. */
  read(key: string, versionId?: string): Promise<Readable>;
  /** Every key under a prefix, in order, a page at a time. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly bytes: number }>;
  /** Copies one version of an object to a key that is free, and compares size and checksum of the copy. */
  copyOnce(from: StoredObject, to: string, tags: ObjectTags): Promise<'copied' | 'exists'>;
  /** Deletes keys (in a versioned bucket: hides them). Returns those that the store refused, with its error code. */
  remove(keys: readonly string[]): Promise<readonly { readonly key: string; readonly code: string }[]>;
}

const MAX_KEYS_PER_DELETE = 1000;

/** CopyObject takes sources up to 5 GB; larger ones need a copy in ranges. */
const COPY_LIMIT_BYTES = 5_000_000_000;

export class S3Vault implements Vault {
  readonly bucket: string;
  readonly #s3: S3Client;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.bucket = bucket;
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
      const whole = found.ChecksumType !== 'COMPOSITE' ? found.ChecksumCRC32 : undefined;
      return {
        key,
        bytes: found.ContentLength ?? 0,
        ...(whole && { crc32: crc32FromBase64(whole) }),
        ...(found.VersionId && { versionId: found.VersionId }),
      };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw storageFailure(`HeadObject ${key}`, error);
    }
  }

  async read(key: string, versionId?: string): Promise<Readable> {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: key, VersionId: versionId }));
      return Body as Readable;
    } catch (error) {
      throw storageFailure(`GetObject ${key}`, error);
    }
  }

  async *list(prefix: string): AsyncIterable<{ readonly key: string; readonly bytes: number }> {
    let after: string | undefined;
    do {
      const page = await this.#s3
        .send(new ListObjectsV2Command({ Bucket: this.bucket, Prefix: prefix, ContinuationToken: after }))
        .catch((error: unknown) => {
          throw storageFailure(`ListObjectsV2 ${prefix}`, error);
        });
      for (const { Key, Size } of page.Contents ?? []) if (Key) yield { key: Key, bytes: Size ?? 0 };
      after = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (after);
  }

  async copyOnce(from: StoredObject, to: string, tags: ObjectTags): Promise<'copied' | 'exists'> {
    if (from.bytes > COPY_LIMIT_BYTES) {
      throw new Failure(
        'storage',
        `${from.key} has ${from.bytes} bytes; copies above ${COPY_LIMIT_BYTES} bytes are not supported yet`,
      );
    }
    const present = await this.head(to);
    if (present) return sameContent(from, present) ? 'exists' : taken(to);

    const version = from.versionId ? `?versionId=${encodeURIComponent(from.versionId)}` : '';
    try {
      await this.#s3.send(
        new CopyObjectCommand({
          Bucket: this.bucket,
          Key: to,
          CopySource: `${this.bucket}/${from.key.split('/').map(encodeURIComponent).join('/')}${version}`,
          TaggingDirective: 'REPLACE',
          Tagging: new URLSearchParams(tags).toString(),
          IfNoneMatch: '*',
        }),
      );
    } catch (error) {
      if (!isTaken(error)) throw storageFailure(`CopyObject ${to}`, error);
    }
    const copy = await this.head(to);
    if (!copy || !sameContent(from, copy)) return taken(to);
    return 'copied';
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

function taken(key: string): never {
  throw new Failure('conflict', `${key} exists and has another content`);
}

/** Equal in size and in the CRC32 that S3 computed itself; without a checksum on both sides nothing is proved. */
const sameContent = (a: StoredObject, b: StoredObject): boolean =>
  a.bytes === b.bytes && a.crc32 !== undefined && a.crc32 === b.crc32;

/** 412: the key exists. 409: somebody else is writing it at this moment. */
const isTaken = (error: unknown): boolean =>
  error instanceof S3ServiceException && (error.$metadata.httpStatusCode === 412 || error.$metadata.httpStatusCode === 409);

const isAbsent = (error: unknown): boolean =>
  error instanceof NotFound || (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404);

/** A failure of the store, by the name of its error: messages of S3 can quote request headers. */
export function storageFailure(step: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const status = error instanceof S3ServiceException ? ` (HTTP ${error.$metadata.httpStatusCode ?? '?'})` : '';
  return new Failure('storage', `${step}: ${name}${status}`, { cause: error });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
