import { crc32 } from 'node:zlib';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { crc32ToBase64 } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { PartSizes } from '../../domain/store/part-plan.ts';
import { storageFailure } from '../storage-failure.ts';
import type { ObjectTags, StoredObject } from '../vault.ts';
import { MemoryPart, SlabPool } from './memory-part.ts';
import { abortOpenUploads, abortUpload, type UploadTarget } from './open-uploads.ts';
import type { Part } from './part.ts';
import { PART_RETRIES, type RetryPolicy, withRetries } from './retry.ts';
import { SpooledPart } from './spooled-part.ts';
import { uploadPart } from './unsigned-body.ts';

/** Parts on their way at a time. With the one that is being filled, four are in memory: 64 MiB at 16 MiB a part. */
const PARTS_IN_FLIGHT = 3;

/** Larger parts lie on disk, so that memory does not grow with the stream. */
const MEMORY_PART_LIMIT_BYTES = 32 * 1024 ** 2;

/** Disk space for parts on their way; a task has 20 GiB, and two parts (one filled, one sent) may have 5 GiB each. */
const SPOOL_BYTES = 2 * 1024 ** 3;

/** A part that is cut off may still be taken by the store, and outlive the abort of its upload; so it may arrive first, for so long. */
const LAST_REQUESTS_MS = 10_000;

/** How long clearing up may take: a task that is told to stop is killed two minutes later. */
const ABORT_LIMIT_MS = 20_000;

export interface MultipartUploadProps extends UploadTarget {
  readonly tags: ObjectTags;
  /** What else the object carries: its type, metadata, storage class. @default - bytes of no further type */
  readonly properties?: Partial<CreateMultipartUploadCommandInput>;
  readonly partSizes: PartSizes;
  /** Reads size and checksum of what lies under a key. */
  readonly head: (key: string) => Promise<StoredObject | undefined>;
  /** Called with every part that is stored. */
  readonly stored?: () => void;
  /** @default PART_RETRIES */
  readonly retries?: RetryPolicy;
}

/** What was sent, as this side counted it. */
export interface SentBytes {
  readonly bytes: number;
  readonly crc32: string;
}

/**
 * An object of unknown length on its way into the bucket, part by part, where nothing can be seen of it before `complete`.
 *
 * `write` and await what it returns; `flush` when the stream has ended; then, once it is certain that the bytes are worth
 * keeping, `complete`, or else `abort`. A stream that merely ends completes nothing.
 */
export class MultipartUpload {
  readonly #s3: S3Client;
  readonly #props: MultipartUploadProps;
  /** Nothing is sent again after it. */
  readonly #ending = new AbortController();
  /** What is on its way is cut off by it. */
  readonly #stop = new AbortController();
  readonly #slabs = new SlabPool();
  readonly #parts: CompletedPart[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #uploadId: Promise<string> | undefined;
  #filling: Part | undefined;
  #partNumber = 0;
  #bytes = 0;
  #crc32 = 0;
  #failure: unknown;

  constructor(s3: S3Client, props: MultipartUploadProps) {
    this.#s3 = s3;
    this.#props = props;
  }

  /** Takes bytes; settles when there is room for more. Throws where a part could not be stored. */
  async write(bytes: Buffer): Promise<void> {
    this.#crc32 = crc32(bytes, this.#crc32);
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      this.#throwIfFailed();
      this.#filling ??= await this.#openPart();
      const piece = bytes.subarray(at, at + this.#filling.room);
      await this.#filling.write(piece);
      at += piece.length;
      if (this.#filling.room === 0) await this.#dispatch(this.#filling);
    }
  }

  /** Sends what is left and waits until every part is stored. */
  async flush(): Promise<SentBytes> {
    if (this.#filling || this.#partNumber === 0) await this.#dispatch(this.#filling ?? (await this.#openPart()));
    await Promise.all(this.#inFlight);
    this.#throwIfFailed();
    return this.#sent;
  }

  /**
   * Makes the object appear, unless the key is taken, and looks at it. A reply that is lost leaves open whether it is there, so
   * whatever the reply was, size and checksum of what lies under the key decide.
   */
  async complete(): Promise<void> {
    const { key, head, retries = PART_RETRIES } = this.#props;
    await withRetries(retries, this.#ending.signal, async () => {
      const failure = await this.#sendComplete();
      const present = await head(key);
      if (present) this.#compare(present);
      else
        throw storageFailure(
          `CompleteMultipartUpload ${key}`,
          failure ?? new Failure('storage', `${key} was accepted, but is not there`),
        );
    });
  }

  /** Aborts what earlier uploads to this key left open. */
  async abortLeftovers(): Promise<void> {
    await abortOpenUploads(this.#s3, this.#props, AbortSignal.timeout(ABORT_LIMIT_MS));
  }

  /** Gives up: stops what is on its way and removes what is stored. Throws where the store does not confirm that. */
  async abort(): Promise<void> {
    this.#ending.abort();
    const cutOff = setTimeout(() => this.#stop.abort(), LAST_REQUESTS_MS);
    await Promise.all(this.#inFlight);
    clearTimeout(cutOff);
    await this.#filling?.release();
    if (!this.#uploadId) return;
    const limit = AbortSignal.timeout(ABORT_LIMIT_MS);
    const id = await this.#uploadId.catch(() => undefined);
    if (id) await abortUpload(this.#s3, this.#props, id, limit);
    await abortOpenUploads(this.#s3, this.#props, limit);
  }

  get #sent(): SentBytes {
    return { bytes: this.#bytes, crc32: hex(this.#crc32) };
  }

  async #openPart(): Promise<Part> {
    this.#partNumber++;
    const capacity = this.#props.partSizes(this.#partNumber);
    if (capacity <= MEMORY_PART_LIMIT_BYTES) return new MemoryPart(this.#slabs, capacity);
    // parts only grow, so that all that follow lie on disk too
    this.#slabs.close();
    return SpooledPart.create(capacity);
  }

  async #dispatch(part: Part): Promise<void> {
    this.#filling = undefined;
    const limit = part.bytes > MEMORY_PART_LIMIT_BYTES ? Math.floor(SPOOL_BYTES / part.bytes) : PARTS_IN_FLIGHT;
    while (this.#inFlight.size >= Math.min(PARTS_IN_FLIGHT, Math.max(1, limit))) await Promise.race(this.#inFlight);
    this.#throwIfFailed();

    const sending = this.#send(part, this.#partNumber)
      .catch((error: unknown) => {
        this.#failure ??= error;
        this.#ending.abort();
      })
      .finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  async #send(part: Part, partNumber: number): Promise<void> {
    try {
      const checksum = crc32ToBase64(hex(part.crc32));
      const etag = await this.#sendPart(part, partNumber, checksum);
      this.#parts[partNumber - 1] = { PartNumber: partNumber, ETag: etag, ChecksumCRC32: checksum };
      this.#props.stored?.();
    } finally {
      await part.release();
    }
  }

  async #sendPart(part: Part, partNumber: number, checksum: string): Promise<string | undefined> {
    const { bucket, key, retries = PART_RETRIES } = this.#props;
    this.#uploadId ??= this.#create();
    const upload = { Bucket: bucket, Key: key, UploadId: await this.#uploadId, PartNumber: partNumber };
    const { ETag } = await withRetries(retries, this.#ending.signal, () =>
      this.#s3.send(uploadPart({ ...upload, Body: part.body(), ContentLength: part.bytes, ChecksumCRC32: checksum }), {
        abortSignal: this.#stop.signal,
      }),
    );
    return ETag;
  }

  async #create(): Promise<string> {
    const { bucket, key, tags, properties, retries = PART_RETRIES } = this.#props;
    const request = new CreateMultipartUploadCommand({
      ContentType: 'application/octet-stream',
      ...properties,
      Bucket: bucket,
      Key: key,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      Tagging: new URLSearchParams(tags).toString(),
    });
    const { UploadId } = await withRetries(retries, this.#ending.signal, () =>
      this.#s3.send(request, { abortSignal: this.#stop.signal }),
    );
    if (!UploadId) throw new Failure('storage', `CreateMultipartUpload ${key}: no upload id`);
    return UploadId;
  }

  /** The error of one try; undefined where it was accepted. */
  async #sendComplete(): Promise<unknown> {
    try {
      await this.#s3.send(
        new CompleteMultipartUploadCommand({
          Bucket: this.#props.bucket,
          Key: this.#props.key,
          UploadId: await this.#uploadId,
          MultipartUpload: { Parts: this.#parts },
          ChecksumCRC32: crc32ToBase64(this.#sent.crc32),
          ChecksumType: 'FULL_OBJECT',
          MpuObjectSize: this.#bytes,
          IfNoneMatch: '*',
        }),
      );
      return undefined;
    } catch (error) {
      return error ?? new Error('nothing was thrown');
    }
  }

  #compare(present: StoredObject): void {
    const sent = this.#sent;
    if (present.bytes === sent.bytes && present.crc32 === sent.crc32) return;
    throw new Failure(
      'conflict',
      `${present.key} has ${present.bytes} bytes with CRC32 ${present.crc32 ?? 'unknown'}; sent were ${sent.bytes} with ${sent.crc32}`,
    );
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw storageFailure(`UploadPart ${this.#props.key}`, this.#failure);
    this.#ending.signal.throwIfAborted();
  }
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');
