import { randomFillSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { GetObjectTaggingCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MultipartUpload, type MultipartUploadProps } from '../../../lib/runtime/upload/multipart-upload.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const MIB = 1024 ** 2;
const PART = 5 * MIB;
const noise = randomFillSync(Buffer.alloc(80 * MIB));

let store: VaultRig;
let proxy: FaultProxy;
let keys = 0;
let key: string;

beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());
beforeEach(async () => {
  proxy = await FaultProxy.start(store.server.endpoint);
  key = `daily/upload_${++keys}.dump`;
});
afterEach(() => proxy.stop());

/** Through the proxy, with patience for six tries of a few milliseconds. */
function newUpload(props: Partial<MultipartUploadProps> = {}): MultipartUpload {
  return new MultipartUpload(store.client(proxy.endpoint, { maxAttempts: 1 }), {
    bucket: store.bucket,
    key,
    tags: { tier: 'daily', source: 'shop', slot: '20260419_020000' },
    partSizes: () => PART,
    head: (present) => store.vault.head(present),
    retries: { attempts: 6, baseMs: 1, capMs: 5 },
    ...props,
  });
}

/** Writes in pieces that never fit a part, each of them wiped as soon as the upload has taken it. */
async function send(upload: MultipartUpload, bytes: Buffer): Promise<void> {
  const piece = Buffer.alloc(300_007);
  for (let at = 0; at < bytes.length; at += piece.length) {
    const length = bytes.copy(piece, 0, at);
    await upload.write(piece.subarray(0, length));
    piece.fill(0);
  }
  await upload.flush();
}

const openUploads = async (): Promise<string[]> => (await store.openUploads()).filter((open) => open === key);

const stored = (): Buffer => readFileSync(store.path(key));

describe('the object', () => {
  it.each([
    ['nothing', 0],
    ['one byte', 1],
    ['a part less one byte', PART - 1],
    ['exactly one part', PART],
    ['a part and a byte', PART + 1],
    ['exactly three parts', 3 * PART],
    ['more parts than are in memory', 9 * PART + 12_345],
  ])('is what was written: %s', async (_, length) => {
    const upload = newUpload();
    await send(upload, noise.subarray(0, length));
    expect(await store.vault.head(key)).toBeUndefined();
    await upload.complete();

    expect(stored().equals(noise.subarray(0, length))).toBe(true);
    expect(await store.vault.head(key)).toMatchObject({ bytes: length, crc32: (await upload.flush()).crc32 });
    expect(await openUploads()).toEqual([]);
  });

  it('is what was written when parts grow, from memory to disk', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const sizes = [PART, 32 * MIB, 33 * MIB, 33 * MIB];
    const upload = newUpload({ partSizes: (part) => sizes[part - 1] ?? PART });
    await send(upload, noise);
    await upload.complete();

    expect(stored().equals(noise)).toBe(true);
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(6);
  });

  it('carries its tags', async () => {
    const upload = newUpload();
    await send(upload, noise.subarray(0, 10));
    await upload.complete();
    const { TagSet } = await store.s3.send(new GetObjectTaggingCommand({ Bucket: store.bucket, Key: key }));
    expect(TagSet?.map(({ Key, Value }) => [Key, Value]).sort()).toEqual([
      ['slot', '20260419_020000'],
      ['source', 'shop'],
      ['tier', 'daily'],
    ]);
  });

  it('never replaces another one', async () => {
    await store.s3.send(new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: 'older', ChecksumAlgorithm: 'CRC32' }));
    const upload = newUpload();
    await send(upload, noise.subarray(0, PART + 1));
    await expect(upload.complete()).rejects.toMatchObject({ reason: 'conflict', message: expect.stringContaining('5 bytes') });
    await upload.abort();
    expect(stored().toString()).toBe('older');
    expect(await openUploads()).toEqual([]);
  });
});

describe('trouble on the way', () => {
  const threeParts = noise.subarray(0, 3 * PART);
  const deliver = async (): Promise<void> => {
    const upload = newUpload();
    await send(upload, threeParts);
    await upload.complete();
    expect(stored().equals(threeParts)).toBe(true);
    expect(proxy.unmet).toBe(0);
    expect(await openUploads()).toEqual([]);
  };

  it.each([
    ['a store that asks for patience', 'slow down', 'PUT', 'partNumber=2', 3],
    ['connections that break in the middle of a part', 'reset', 'PUT', 'partNumber=', 4],
    ['a bit that changes on the way', 'flipped bit', 'PUT', 'partNumber=1', 2],
    ['replies to parts that are lost', 'lost reply', 'PUT', 'partNumber=', 3],
    ['a store that is slow to begin', 'slow down', 'POST', 'uploads', 2],
    ['a completion that is refused for now', 'slow down', 'POST', 'uploadId=', 2],
    ['a completion whose connection breaks', 'reset', 'POST', 'uploadId=', 1],
    ['a completion whose reply is lost', 'lost reply', 'POST', 'uploadId=', 1],
    ['a completion that fails inside a 200', 'error in a 200', 'POST', 'uploadId=', 1],
  ] as const)('is survived: %s', async (_, fault, method, urlPart, times) => {
    proxy.plan(fault, method, urlPart, times);
    await deliver();
  });

  it('is survived in a spooled part', async () => {
    proxy.plan('reset', 'PUT', 'partNumber=1', 2);
    const upload = newUpload({ partSizes: () => 40 * MIB });
    await send(upload, noise);
    await upload.complete();
    expect(stored().equals(noise)).toBe(true);
    expect(proxy.unmet).toBe(0);
  });

  it('that does not end fails the upload, and nothing is left', async () => {
    proxy.plan('slow down', 'PUT', 'partNumber=2', 1000);
    const upload = newUpload();
    await expect(send(upload, noise)).rejects.toMatchObject({
      reason: 'storage',
      message: expect.stringMatching(/^UploadPart daily\/.*\(HTTP 503\)$/),
    });
    await upload.abort();
    expect(proxy.requests.filter((request) => request.includes('partNumber=2'))).toHaveLength(6);
    expect(await openUploads()).toEqual([]);
  });

  it('that is no trouble but a refusal is not met with patience', async () => {
    const upload = newUpload({ bucket: 'no-such-bucket' });
    await expect(send(upload, noise.subarray(0, PART))).rejects.toMatchObject({ reason: 'storage' });
    expect(proxy.requests.filter((request) => request.startsWith('POST'))).toHaveLength(1);
  });
});

describe('giving up', () => {
  it('removes the parts that are stored and those on their way', async () => {
    const upload = newUpload();
    for (let part = 0; part < 4; part++) await upload.write(noise.subarray(part * PART, (part + 1) * PART));
    await upload.abort();
    expect(await openUploads()).toEqual([]);
    await expect(upload.write(noise.subarray(0, 10))).rejects.toThrow();
    await expect(upload.flush()).rejects.toThrow();
  });

  it('removes an upload whose id never arrived', async () => {
    proxy.plan('lost reply', 'POST', 'uploads', 6);
    const upload = newUpload();
    await expect(send(upload, noise.subarray(0, PART))).rejects.toMatchObject({ reason: 'storage' });
    expect(await openUploads()).toEqual(new Array(6).fill(key));
    await upload.abort();
    expect(await openUploads()).toEqual([]);
  });

  it('leaves uploads to other keys alone', async () => {
    const other = newUpload({ key: `${key}.other` });
    await send(other, noise.subarray(0, PART));
    await newUpload().abortLeftovers();
    await other.complete();
    expect(await store.vault.head(`${key}.other`)).toMatchObject({ bytes: PART });
  });

  it('asks nothing of the store before there was anything to store', async () => {
    await newUpload().abort();
    expect(proxy.requests).toEqual([]);
  });
});
