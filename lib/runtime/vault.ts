import type { Readable } from 'node:stream';
import type { ZodType } from 'zod';
import type { StorageClass } from '../domain/source/storage-class.ts';

/** What the vault knows of an object without reading it. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** CRC32 of the whole object, as S3 computed it; absent where S3 keeps another checksum. */
  readonly crc32?: string;
  readonly versionId?: string;
}

/** What a listing tells of an object. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** By the clock of the store. */
  readonly lastModified: Date;
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
  /** The bytes of an object, one version of it where `versionId` is given, as they lie there: who reads them hashes them. */
  read(key: string, versionId?: string): Promise<Readable>;
  /** Every key under a prefix, in order, a page at a time. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /**
   * Copies one version of an object, of any size, to a key that is free, and compares size and checksum of the copy.
   * The copy has these tags only; all else that the object carries comes along.
   */
  copyOnce(from: StoredObject, to: string, tags: ObjectTags, storageClass?: StorageClass): Promise<'copied' | 'exists'>;
  /** Deletes keys (in a versioned bucket: hides them). Returns those that the store refused, with its error code. */
  remove(keys: readonly string[]): Promise<readonly { readonly key: string; readonly code: string }[]>;
}
