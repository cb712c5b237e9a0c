import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CopyOptions, S3Vault } from '../../../lib/runtime/s3-vault.ts';
import type { StoredObject } from '../../../lib/runtime/vault.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { RecordingProxy } from '../../support/recording-proxy.ts';
import { rightsFor } from '../../support/s3-rights.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const MIB = 1024 ** 2;
const LIMITS = { wholeUpToBytes: 6 * MIB, rangeBytes: 5 * MIB };
const RETRIES = { attempts: 6, baseMs: 1, capMs: 5 };
const TAGS = { tier: 'weekly', source: 'shop', slot: '20260419_020000' };
const noise = randomFillSync(Buffer.alloc(100 * MIB));
const twentyMb = noise.subarray(0, 20_000_000);

/**
 * A source, and what becomes of it here. versitygw takes the CRC32 of the whole source for that of each range, if the source
 * has one; so only a source with another checksum is copied as S3 copies all of them.
 */
const WAYS = [
  ['copied whole', noise.subarray(0, 3_000_000), 'CRC32'],
  ['copied in ranges', twentyMb, 'SHA256'],
  ['copied in ranges that the store cannot prove, and so sent by this process', twentyMb, 'CRC32'],
] as const;

let store: VaultRig;
let proxy: FaultProxy;
let tests = 0;
let from: string;
let to: string;

beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());
beforeEach(async () => {
  proxy = await FaultProxy.start(store.server.endpoint);
  from = `daily/shop ${++tests}'ü_20260419_020000.dump`;
  to = `weekly/shop_${tests}_20260419_020000.dump`;
});
afterEach(() => proxy.stop());

const throughProxy = (): S3Client => store.client(proxy.endpoint, { maxAttempts: 1 });

const vaultOn = (s3: S3Client, options: CopyOptions = {}): S3Vault =>
  new S3Vault(s3, store.bucket, { limits: LIMITS, retries: RETRIES, ...options });

async function put(key: string, Body: Buffer, ChecksumAlgorithm: 'CRC32' | 'SHA256' = 'CRC32'): Promise<StoredObject> {
  const { VersionId } = await store.s3.send(
    new PutObjectCommand({
      Bucket: store.bucket,
      Key: key,
      Body,
      ChecksumAlgorithm,
      ContentType: 'application/x-dump',
      Metadata: { sha256: 'abc' },
      Tagging: 'tier=daily&old=yes',
    }),
  );
  return {
    key,
    bytes: Body.length,
    crc32: crc32(Body).toString(16).padStart(8, '0'),
    ...(VersionId && { versionId: VersionId }),
  };
}

const stored = (key: string): Buffer => readFileSync(store.path(key));

const openUploads = async (): Promise<string[]> => (await store.openUploads()).filter((key) => key === to);

async function tagsOf(key: string): Promise<Record<string, string>> {
  const { TagSet = [] } = await store.s3.send(new GetObjectTaggingCommand({ Bucket: store.bucket, Key: key }));
  return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
}

const asked = (method: string, part: string): string[] =>
  proxy.requests.filter((request) => request.startsWith(method) && request.includes(part));

describe.each(WAYS)('an object that is %s', (_, bytes, checksum) => {
  it('is the same, with the type, the metadata and the checksum of its source, and tags of its own', async () => {
    const source = await put(from, bytes, checksum);
    expect(await vaultOn(throughProxy()).copyOnce(source, to, TAGS)).toBe('copied');

    expect(stored(to).equals(bytes)).toBe(true);
    expect(await store.vault.head(to)).toMatchObject({ bytes: bytes.length, crc32: source.crc32 });
    const head = await store.s3.send(new HeadObjectCommand({ Bucket: store.bucket, Key: to }));
    expect(head).toMatchObject({ ContentType: 'application/x-dump', Metadata: { sha256: 'abc' } });
    expect(await tagsOf(to)).toEqual(TAGS);
    expect(await openUploads()).toEqual([]);
  });

  it('is the version that was pinned, whatever was written under its key since', async () => {
    const source = await put(from, bytes, checksum);
    await put(from, noise.subarray(50 * MIB, 50 * MIB + bytes.length), checksum);
    expect(await vaultOn(throughProxy()).copyOnce(source, to, TAGS)).toBe('copied');
    expect(stored(to).equals(bytes)).toBe(true);
  });

  it('is found there by a second copy, which writes nothing', async () => {
    const source = await put(from, bytes, checksum);
    await vaultOn(store.s3).copyOnce(source, to, TAGS);
    expect(await vaultOn(throughProxy()).copyOnce(source, to, { tier: 'other' })).toBe('exists');
    expect(proxy.requests.filter((request) => !/^(HEAD|GET) /.test(request))).toEqual([]);
    expect(await tagsOf(to)).toEqual(TAGS);
  });

  it.each([
    ['of another size', 2_000_000],
    ['of the same size', bytes.length],
  ])('is refused where the key has something else, %s', async (_what, length) => {
    const source = await put(from, bytes, checksum);
    const other = noise.subarray(60 * MIB, 60 * MIB + length);
    await put(to, other);
    await expect(vaultOn(throughProxy()).copyOnce(source, to, TAGS)).rejects.toMatchObject({
      reason: 'conflict',
      message: `${to} exists and has another content`,
    });
    expect(stored(to).equals(other)).toBe(true);
    expect(await openUploads()).toEqual([]);
  });

  it.each([
    ['its size is another', { bytes: bytes.length + 1 }],
    ['its checksum is another', { crc32: '00000000' }],
    ['nobody knows its checksum', { crc32: undefined }],
  ])('is refused, with nothing left under the key, where %s', async (_what, wrong) => {
    const { crc32: known, ...rest } = { ...(await put(from, bytes, checksum)), ...wrong };
    const source = { ...rest, ...(known && { crc32: known }) };
    await expect(vaultOn(throughProxy()).copyOnce(source, to, TAGS)).rejects.toMatchObject({ reason: 'conflict' });
    expect(await store.vault.head(to)).toBeUndefined();
    expect(await openUploads()).toEqual([]);
  });

  it('fails as the store does where the source is gone', async () => {
    const source = { key: from, bytes: bytes.length, crc32: '00000000' };
    await expect(vaultOn(throughProxy()).copyOnce(source, to, TAGS)).rejects.toMatchObject({
      reason: 'storage',
      message: expect.stringContaining(`HeadObject ${from}`),
    });
    expect(await openUploads()).toEqual([]);
  });
});

it('copies an object without bytes whole, at any threshold', async () => {
  const source = await put(from, Buffer.alloc(0));
  const options = { limits: { ...LIMITS, wholeUpToBytes: 0 } };
  expect(await vaultOn(throughProxy(), options).copyOnce(source, to, TAGS)).toBe('copied');
  expect(await store.vault.head(to)).toMatchObject({ bytes: 0, crc32: '00000000' });
});

it('pins the newest version where the caller names none', async () => {
  const { versionId, ...source } = await put(from, twentyMb, 'SHA256');
  const recorder = await RecordingProxy.start(store.server.endpoint);
  await vaultOn(store.client(recorder.endpoint)).copyOnce(source, to, TAGS);
  const sources = recorder.requests.flatMap(({ headers }) => headers['x-amz-copy-source'] ?? []);
  expect(sources).toHaveLength(4);
  for (const copied of sources) expect(copied).toContain(`?versionId=${versionId}`);
  await recorder.stop();
});

it.each(['CRC32', 'SHA256'] as const)('does not copy a source whose bytes have rotted under its %s', async (checksum) => {
  const source = await put(from, twentyMb, checksum);
  const file = openSync(store.path(from), 'r+');
  writeSync(file, Buffer.from([(twentyMb[12_345_678] ?? 0) ^ 1]), 0, 1, 12_345_678);
  closeSync(file);
  await expect(vaultOn(throughProxy()).copyOnce(source, to, TAGS)).rejects.toMatchObject({
    reason: 'conflict',
    message: `${from} has another content than the one that was to be copied`,
  });
  expect(await store.vault.head(to)).toBeUndefined();
  expect(await openUploads()).toEqual([]);
});

describe('a copy that is there already without a CRC32 of its own', () => {
  it('is read, and known by its bytes', async () => {
    const source = await put(from, twentyMb);
    await put(to, twentyMb, 'SHA256');
    expect(await vaultOn(throughProxy()).copyOnce(source, to, TAGS)).toBe('exists');
  });

  it('is read, and told from another object of its size', async () => {
    const source = await put(from, twentyMb);
    await put(to, noise.subarray(1, 1 + twentyMb.length), 'SHA256');
    await expect(vaultOn(throughProxy()).copyOnce(source, to, TAGS)).rejects.toMatchObject({ reason: 'conflict' });
  });
});

describe('what is asked of the store', () => {
  const SOME_RIGHTS = ['GetObject', 'GetObjectVersion', 'ListBucket'];
  const DEPOSIT_RIGHTS = [
    'PutObject',
    'PutObjectTagging',
    'AbortMultipartUpload',
    'ListMultipartUploadParts',
    'ListBucketMultipartUploads',
  ];

  async function requestsOf(bytes: Buffer, checksum: 'CRC32' | 'SHA256'): Promise<RecordingProxy['requests']> {
    const source = await put(from, bytes, checksum);
    const recorder = await RecordingProxy.start(store.server.endpoint);
    await vaultOn(store.client(recorder.endpoint)).copyOnce(source, to, TAGS, 'GLACIER_IR');
    await recorder.stop();
    return recorder.requests;
  }

  const withParameter = (requests: RecordingProxy['requests'], method: string, parameter: string) =>
    requests.filter((request) => request.method === method && request.url.searchParams.has(parameter));

  it('by a whole copy: one that replaces nothing, with its checksum and storage class', async () => {
    const requests = await requestsOf(noise.subarray(0, 3_000_000), 'CRC32');
    const [copy, ...more] = requests.filter(({ method }) => method === 'PUT');
    expect(more).toEqual([]);
    expect(copy?.headers).toMatchObject({
      'if-none-match': '*',
      'x-amz-checksum-algorithm': 'CRC32',
      'x-amz-storage-class': 'GLACIER_IR',
      'x-amz-tagging-directive': 'REPLACE',
    });
  });

  it('by a copy in ranges: the same, and that what it joins has the CRC32 and the size of the source', async () => {
    const requests = await requestsOf(twentyMb, 'SHA256');
    const [create] = withParameter(requests, 'POST', 'uploads');
    expect(create?.headers).toMatchObject({
      'x-amz-checksum-algorithm': 'CRC32',
      'x-amz-checksum-type': 'FULL_OBJECT',
      'x-amz-storage-class': 'GLACIER_IR',
    });
    const ranges = withParameter(requests, 'PUT', 'partNumber').map(({ headers }) => headers['x-amz-copy-source-range']);
    expect(new Set(ranges)).toEqual(
      new Set(['bytes=0-5242879', 'bytes=5242880-10485759', 'bytes=10485760-15728639', 'bytes=15728640-19999999']),
    );
    const [complete] = withParameter(requests, 'POST', 'uploadId');
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(twentyMb));
    expect(complete?.headers).toMatchObject({
      'if-none-match': '*',
      'x-amz-checksum-crc32': sum.toString('base64'),
      'x-amz-checksum-type': 'FULL_OBJECT',
      'x-amz-mp-object-size': '20000000',
    });
  });

  it('by bytes that are sent: the storage class too', async () => {
    const creates = withParameter(await requestsOf(twentyMb, 'CRC32'), 'POST', 'uploads');
    expect(creates.map(({ headers }) => headers['x-amz-storage-class'])).toEqual(['GLACIER_IR', 'GLACIER_IR']);
  });

  it.each(WAYS)('is no more than a step may that reads one tier and writes another: %s', async (_, bytes, checksum) => {
    const rights = (await requestsOf(bytes, checksum)).flatMap(rightsFor);
    expect(rights).toContainEqual({ action: 's3:PutObjectTagging', key: to });
    const beyond = rights.filter(({ action, key }) => {
      const name = action.replace('s3:', '');
      return !SOME_RIGHTS.includes(name) && !(DEPOSIT_RIGHTS.includes(name) && (key === '' || key.startsWith('weekly/')));
    });
    expect(beyond).toEqual([]);
    expect(rights).toContainEqual({ action: 's3:GetObjectVersion', key: from });
  });
});

describe('trouble on the way', () => {
  const IN_RANGES = [twentyMb, 'SHA256'] as const;
  const SENT = [twentyMb, 'CRC32'] as const;
  const WHOLE = [noise.subarray(0, 3_000_000), 'CRC32'] as const;

  it.each([
    ['a whole copy that is asked for patience', WHOLE, 'slow down', 'PUT', 'weekly/', 3],
    ['a whole copy whose reply is lost', WHOLE, 'lost reply', 'PUT', 'weekly/', 1],
    ['a whole copy that fails inside a 200', WHOLE, 'error in a 200', 'PUT', 'weekly/', 2],
    ['a store that is slow to begin', IN_RANGES, 'slow down', 'POST', 'uploads', 3],
    ['a beginning whose reply is lost', IN_RANGES, 'lost reply', 'POST', 'uploads', 2],
    ['a range that is asked for patience', IN_RANGES, 'slow down', 'PUT', 'partNumber=2', 4],
    ['ranges whose replies are lost', IN_RANGES, 'lost reply', 'PUT', 'partNumber=', 4],
    ['ranges that fail inside a 200', IN_RANGES, 'error in a 200', 'PUT', 'partNumber=', 4],
    ['a completion that is refused for now', IN_RANGES, 'slow down', 'POST', 'uploadId=', 3],
    ['a completion whose reply is lost', IN_RANGES, 'lost reply', 'POST', 'uploadId=', 1],
    ['a completion that fails inside a 200', IN_RANGES, 'error in a 200', 'POST', 'uploadId=', 2],
    ['a read that gets no answer', SENT, 'lost reply', 'GET', 'versionId=', 2],
    ['a read that breaks off, again and again', SENT, 'half a reply', 'GET', 'versionId=', 4],
  ] as const)('is survived: %s', async (_, [bytes, checksum], fault, method, urlPart, times) => {
    const source = await put(from, bytes, checksum);
    proxy.plan(fault, method, urlPart, times);
    expect(await vaultOn(throughProxy()).copyOnce(source, to, TAGS)).toBe('copied');
    expect(proxy.unmet).toBe(0);
    expect(stored(to).equals(bytes)).toBe(true);
    expect(await openUploads()).toEqual([]);
  });

  it.each([
    ['a whole copy', WHOLE, 'PUT', 'weekly/', 'CopyObject'],
    ['a range', IN_RANGES, 'PUT', 'partNumber=3', 'UploadPartCopy'],
    ['a completion', IN_RANGES, 'POST', 'uploadId=', 'CompleteMultipartUpload'],
    ['a read', SENT, 'GET', 'versionId=', 'GetObject'],
  ] as const)('that does not end fails the copy, and leaves no open upload: %s', async (_, way, method, urlPart, step) => {
    const source = await put(from, way[0], way[1]);
    proxy.plan('slow down', method, urlPart, 1000);
    await expect(vaultOn(throughProxy()).copyOnce(source, to, TAGS)).rejects.toMatchObject({
      reason: 'storage',
      message: expect.stringMatching(new RegExp(`^${step} .*\\(HTTP 503\\)$`)),
    });
    expect(asked(method, urlPart)).toHaveLength(RETRIES.attempts);
    expect(await store.vault.head(to)).toBeUndefined();
    expect(await openUploads()).toEqual([]);
  });

  it('does not have a whole copy made twice where only the reply was lost', async () => {
    const source = await put(from, ...WHOLE);
    proxy.plan('lost reply', 'PUT', 'weekly/');
    await vaultOn(throughProxy()).copyOnce(source, to, TAGS);
    expect(asked('PUT', 'weekly/')).toHaveLength(1);
  });

  it('that is a refusal is not met with patience', async () => {
    const source = await put(from, twentyMb, 'SHA256');
    const s3 = throughProxy();
    // as if a lifecycle rule, or an older copy that is told to stop, aborted the upload
    s3.middlewareStack.add(
      (next, { commandName }) =>
        (args) =>
          next(commandName === 'UploadPartCopyCommand' ? { ...args, input: { ...args.input, UploadId: 'gone' } } : args),
      { step: 'initialize' },
    );
    await expect(vaultOn(s3).copyOnce(source, to, TAGS)).rejects.toMatchObject({ reason: 'storage' });
    expect(asked('PUT', 'partNumber=')).toHaveLength(4);
    expect(await openUploads()).toEqual([]);
  });
});

describe('a copy in ranges', () => {
  it('first aborts what an earlier one left open that was killed, and nothing else', async () => {
    const source = await put(from, twentyMb, 'SHA256');
    for (const Key of [to, `${to}.other`]) {
      const { UploadId } = await store.s3.send(new CreateMultipartUploadCommand({ Bucket: store.bucket, Key }));
      await store.s3.send(
        new UploadPartCommand({ Bucket: store.bucket, Key, UploadId, PartNumber: 1, Body: noise.subarray(0, 5 * MIB) }),
      );
    }
    await vaultOn(throughProxy()).copyOnce(source, to, TAGS);
    expect(await store.openUploads()).toEqual([`${to}.other`]);
    expect(proxy.requests.findIndex((request) => request.startsWith('DELETE'))).toBeLessThan(
      proxy.requests.findIndex((request) => request.startsWith('POST')),
    );
  });

  it('has at most 16 ranges on their way', async () => {
    const source = await put(from, noise, 'SHA256');
    const s3 = throughProxy();
    let now = 0;
    let most = 0;
    s3.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'UploadPartCopyCommand') return next(args);
          most = Math.max(most, ++now);
          return next(args).finally(() => now--);
        },
      { step: 'initialize' },
    );
    await vaultOn(s3).copyOnce(source, to, TAGS);
    expect(stored(to).equals(noise)).toBe(true);
    expect(asked('PUT', 'partNumber=')).toHaveLength(20);
    expect(most).toBe(16);
  });

  it('begins none after one that was refused, and lets those on their way arrive', async () => {
    const source = await put(from, noise, 'SHA256');
    const s3 = throughProxy();
    const refused = Promise.withResolvers<void>();
    s3.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'UploadPartCopyCommand') return next(args);
          if ((args.input as { PartNumber: number }).PartNumber === 1)
            return next({ ...args, input: { ...args.input, UploadId: 'gone' } }).finally(refused.resolve);
          await refused.promise;
          return next(args);
        },
      { step: 'initialize' },
    );
    await expect(vaultOn(s3).copyOnce(source, to, TAGS)).rejects.toMatchObject({
      message: expect.stringContaining('NoSuchUpload'),
    });
    expect(asked('PUT', 'partNumber=')).toHaveLength(16);
    expect(await openUploads()).toEqual([]);
  });

  it.each([
    ['another object', noise.subarray(7, 1007), 'conflict'],
    ['the same copy', twentyMb, 'copied'],
  ])('replaces nothing that somebody else wrote meanwhile: %s', async (_, written, result) => {
    const source = await put(from, twentyMb, 'SHA256');
    const s3 = throughProxy();
    s3.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'CompleteMultipartUploadCommand') await put(to, written);
          return next(args);
        },
      { step: 'initialize' },
    );
    const done = vaultOn(s3)
      .copyOnce(source, to, TAGS)
      .catch(({ reason }: { reason: string }) => reason);
    expect(await done).toBe(result);
    expect(stored(to).equals(written)).toBe(true);
    expect(await openUploads()).toEqual([]);
  });
});
