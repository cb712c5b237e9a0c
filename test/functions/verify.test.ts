import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verify } from '../../functions/verify/verify.ts';
import { artifactKey, planKey, tryKey } from '../../lib/domain/backup/keys.ts';
import { crc32ToBase64, type DatabaseReceipt } from '../../lib/domain/backup/receipt.ts';
import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import { listArchive } from '../../lib/runtime/pg-restore-list.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { minutesAfter, planOf, receiptOf, SUNDAY, sourceOf } from '../support/night.ts';
import { VaultRig } from '../support/vault-rig.ts';

const run = promisify(execFile);
const CONTENTS =
  'CREATE TABLE orders (id int, note text); INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 20000) n;';
const AWKWARD =
  'CREATE SCHEMA "DATA"; CREATE TABLE "DATA".foo (); CREATE TABLE "two words" (id int); CREATE TABLE "line\nbreak" (id int);';
const TABLES: readonly [string, string][] = [
  ['public', 'orders'],
  ['public', 'two words'],
  ['public', 'line\nbreak'],
  ['DATA', 'foo'],
];

let database: DatabaseRig;
let store: VaultRig;
let dump: Buffer;
let withLargeObject: Buffer;
let pgRestore: string;
let slots = 0;

async function dumpOf(name: string, script: string): Promise<Buffer> {
  await database.database(name, script);
  const { install, url } = database.server;
  const args = ['-Fc', '-Z1', `--dbname=${url(name)}`];
  const { stdout } = await run(join(install.binDir, 'pg_dump'), args, { encoding: 'buffer', maxBuffer: 1 << 28 });
  return stdout;
}

beforeAll(async () => {
  [database, store] = await Promise.all([DatabaseRig.start(), VaultRig.start()]);
  pgRestore = join(database.server.install.binDir, 'pg_restore');
  dump = await dumpOf('shop', CONTENTS + AWKWARD);
  withLargeObject = await dumpOf('objects', `${CONTENTS} SELECT lo_from_bytea(0, 'large');`);
});

afterAll(async () => {
  await Promise.all([database?.stop(), store?.stop()]);
});

/** Rewrites a stored object on disk; size and checksum that the store remembers stay as they were. */
async function tamper(key: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(store.path(key), change(await readFile(store.path(key))));
}

const largeObjects = (count: number) => ({ count, bytes: 5 * count, sha256: 'b'.repeat(64) });
const tablesOf = (names: readonly [string, string][]) =>
  names.map(([schema, name]) => ({ schema, name, rows: 1, bytes: 1, sha256: 'a'.repeat(64) }));
const contentsOf = (names: readonly [string, string][], objects = 0): DatabaseReceipt['contents'] => ({
  tables: tablesOf(names),
  largeObjects: largeObjects(objects),
  sequences: 0,
});

/** One source in a slot of its own, as the dump task leaves it. */
class Job {
  readonly slot: Slot = slotOf(minutesAfter(SUNDAY, ++slots));
  readonly key = artifactKey({ tier: 'daily', sourceId: 'alpha', slot: this.slot, format: 'dump' });

  receipt(body: Buffer, facts: Partial<DatabaseReceipt> = {}): DatabaseReceipt {
    return receiptOf('alpha', this.slot, body, { contents: contentsOf(TABLES), ...facts });
  }

  async store(body: Buffer): Promise<this> {
    const checksum = crc32ToBase64(this.receipt(body).crc32);
    await store.s3.send(new PutObjectCommand({ Bucket: store.vault.bucket, Key: this.key, Body: body, ChecksumCRC32: checksum }));
    return this;
  }

  async tried(n: number, receipt: DatabaseReceipt): Promise<this> {
    await store.vault.putOnce(tryKey(this.slot, 'alpha', n), { result: 'receipt', receipt });
    return this;
  }

  async verify(readBackLimitBytes = Number.POSITIVE_INFINITY, vault = store.vault) {
    const plan = planOf([sourceOf('alpha')], { slot: this.slot });
    await store.vault.putOnce(planKey(plan), plan);
    const step = verify({ vault, now: () => minutesAfter(SUNDAY, 9), lister: () => listArchive(pgRestore), readBackLimitBytes });
    return step({ planKey: planKey(plan), id: 'alpha' });
  }
}

/** What an operator would try: `pg_restore --list` of the stored file. Throws where it finds something. */
const listed = (key: string) => run(pgRestore, ['--list', store.path(key)]);

/** A client that does not compare what it reads with the checksum that the store remembers. */
function credulous(): S3Vault {
  const { endpoint, region, accessKeyId, secretAccessKey } = store.server;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true, responseChecksumValidation: 'WHEN_REQUIRED' });
  return new S3Vault(s3, store.bucket);
}

/** A connection that breaks after so many bytes. */
class BreakingVault extends S3Vault {
  override async read(key: string, versionId?: string): Promise<Readable> {
    const whole = await buffer(await super.read(key, versionId));
    return Readable.from(
      (function* () {
        yield whole.subarray(0, 100_000);
        throw Object.assign(new Error('aborted'), { name: 'ECONNRESET' });
      })(),
    );
  }
}

/** A way on which a bit of the data changes, as often as is asked. */
class FlippingVault extends S3Vault {
  reads = 0;
  flips: number;

  constructor(flips: number) {
    super(store.s3, store.bucket);
    this.flips = flips;
  }

  override async read(key: string, versionId?: string): Promise<Readable> {
    const whole = await buffer(await super.read(key, versionId));
    return Readable.from([++this.reads <= this.flips ? flipped(whole, whole.length - 30_000) : whole]);
  }
}

let job: Job;
beforeEach(() => {
  job = new Job();
});

describe('verify', () => {
  it('proves a dump by every byte of the version that it looked at', async () => {
    await (await job.store(dump)).tried(1, job.receipt(dump));
    const stored = await store.vault.head(job.key);

    const proof = await job.verify();

    const { bytes, sha256, crc32 } = job.receipt(dump);
    expect(proof).toMatchObject({ bytes, sha256, crc32, readBack: true, tryKey: tryKey(job.slot, 'alpha', 1) });
    expect(proof.versionId).toBe(stored?.versionId);
    expect(proof.tocEntries).toBeGreaterThan(TABLES.length);
  });

  it('finds the receipt of an earlier try, when a task died right after it had completed its object', async () => {
    await job.store(dump);
    await job.tried(1, job.receipt(dump));
    await job.tried(2, job.receipt(Buffer.concat([dump, dump])));
    await job.tried(3, job.receipt(flipped(dump, 7)));
    expect(await job.verify()).toMatchObject({ tryKey: tryKey(job.slot, 'alpha', 1) });
  });

  it('accepts a large object where the receipt counts one', async () => {
    await job.store(withLargeObject);
    await job.tried(1, job.receipt(withLargeObject, { contents: contentsOf([['public', 'orders']], 1) }));
    expect(await job.verify()).toMatchObject({ readBack: true });
  });

  it('reads the front only of what is above the limit, and says so', async () => {
    await (await job.store(dump)).tried(1, job.receipt(dump));
    expect(await job.verify(dump.length - 1)).toMatchObject({ readBack: false, bytes: dump.length });
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['one flipped bit in the data', (bytes) => flipped(bytes, bytes.length - 30_000)],
    ['one flipped bit in the last byte', (bytes) => flipped(bytes, bytes.length - 1)],
    ['a zeroed block', (bytes) => Buffer.from(bytes).fill(0, bytes.length - 50_000, bytes.length - 45_904)],
    ['two blocks swapped', (bytes) => swapped(bytes, bytes.length - 60_000, bytes.length - 20_000, 4096)],
    ['a cut', (bytes) => bytes.subarray(0, bytes.length - 10_000)],
    ['bytes appended', (bytes) => Buffer.concat([bytes, Buffer.from('more')])],
    ['another good dump in its place', () => withLargeObject],
  ])('finds %s, which pg_restore --list does not', async (_, change) => {
    await (await job.store(dump)).tried(1, job.receipt(dump));
    await tamper(job.key, change);

    await listed(job.key);
    await expect(job.verify()).rejects.toMatchObject({ name: 'Nightproof.damaged' });
    await expect(job.verify(undefined, credulous())).rejects.toMatchObject({ name: 'Nightproof.damaged' });
  });

  it('does not call damaged what it could not read to the end', async () => {
    await (await job.store(dump)).tried(1, job.receipt(dump));
    const breaking = new BreakingVault(store.s3, store.bucket);
    await expect(job.verify(undefined, breaking)).rejects.toMatchObject({
      name: 'Nightproof.storage',
      facts: { retryable: true },
    });
  });

  it('looks twice before it calls something damaged: a bit that changed on its way proves nothing', async () => {
    await (await job.store(dump)).tried(1, job.receipt(dump));
    const once = new FlippingVault(1);
    expect(await job.verify(undefined, once)).toMatchObject({ readBack: true, bytes: dump.length });
    expect(once.reads).toBe(2);
    await expect(job.verify(undefined, new FlippingVault(2))).rejects.toMatchObject({ name: 'Nightproof.damaged' });
  });

  it('looks once at what it could not read twice in its time', async () => {
    await (await job.store(dump)).tried(1, job.receipt(dump));
    const once = new FlippingVault(1);
    await expect(job.verify(2 * dump.length - 1, once)).rejects.toMatchObject({ name: 'Nightproof.damaged' });
    expect(once.reads).toBe(1);
  });

  it('finds an object that no try sent', async () => {
    await (await job.store(withLargeObject)).tried(1, job.receipt(dump));
    await expect(job.verify()).rejects.toMatchObject({
      name: 'Nightproof.damaged',
      message: expect.stringContaining('receipts says'),
    });
  });

  it('finds an object without any receipt', async () => {
    await job.store(dump);
    await expect(job.verify()).rejects.toMatchObject({
      name: 'Nightproof.damaged',
      message: expect.stringContaining('no receipt'),
    });
  });

  it('asks for another try when there is no object, since its key is free', async () => {
    await job.tried(1, job.receipt(dump));
    await expect(job.verify()).rejects.toMatchObject({ name: 'Nightproof.storage', facts: { retryable: true } });
  });

  it('finds bytes that are no archive though they agree with their receipt', async () => {
    const body = Buffer.alloc(200_000, 'nothing that pg_restore knows');
    await (await job.store(body)).tried(1, job.receipt(body));
    await expect(job.verify()).rejects.toMatchObject({
      name: 'Nightproof.damaged',
      message: expect.stringContaining('pg_restore --list'),
    });
  });

  it.each<[string, DatabaseReceipt['contents'], RegExp]>([
    ['a table that the archive lacks', contentsOf([...TABLES, ['public', 'gone']]), /no data of public\.gone/],
    ['one table too few', contentsOf(TABLES.slice(1)), /data of 1 tables that the receipt does not know/],
    ['one table twice', contentsOf([...TABLES, ['public', 'orders']]), /no data of public\.orders/],
    ['large objects that are not there', contentsOf(TABLES, 2), /2 large objects, but the archive has none/],
  ])('finds a receipt with %s', async (_, contents, message) => {
    await (await job.store(dump)).tried(1, job.receipt(dump, { contents }));
    await expect(job.verify()).rejects.toMatchObject({ name: 'Nightproof.damaged', message: expect.stringMatching(message) });
  });

  it('finds large objects that the receipt does not count', async () => {
    await job.store(withLargeObject);
    await job.tried(1, job.receipt(withLargeObject, { contents: contentsOf([['public', 'orders']]) }));
    await expect(job.verify()).rejects.toMatchObject({ name: 'Nightproof.damaged' });
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function swapped(bytes: Buffer, a: number, b: number, length: number): Buffer {
  const copy = Buffer.from(bytes);
  bytes.copy(copy, a, b, b + length);
  bytes.copy(copy, b, a, a + length);
  return copy;
}
