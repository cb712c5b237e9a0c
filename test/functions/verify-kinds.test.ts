import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../functions/verify/verify.ts';
import { tryKey } from '../../lib/domain/backup/keys.ts';
import { crc32ToBase64, type Receipt, type TreeReceipt } from '../../lib/domain/backup/receipt.ts';
import type { Source } from '../../lib/domain/source/source.ts';
import { listArchive } from '../../lib/runtime/pg-restore-list.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { dumpDependencies, runTask, SLOT, writePlan } from '../support/dump-rig.ts';
import { scratchFolderUntilEnd } from '../support/scratch-folder.ts';
import { configFilesOf, datedFolderOf, filesOf, globalsOf } from '../support/sources.ts';
import { plant } from '../support/tree-rig.ts';
import { VaultRig } from '../support/vault-rig.ts';

const KIB = 1024;
const volume = scratchFolderUntilEnd();

let store: VaultRig;
let server: DatabaseRig;
let recipients: string[];
let jobs = 0;

beforeAll(async () => {
  [store, server] = await Promise.all([VaultRig.start(), DatabaseRig.start()]);
  await server.database('shop', 'CREATE TABLE orders AS SELECT n, md5(n::text) AS t FROM generate_series(1, 3000) n');
  const roles = Array.from(
    { length: 40 },
    (_, n) => `CREATE ROLE r${n} LOGIN PASSWORD 'x'; ALTER ROLE r${n} SET work_mem TO '9MB';`,
  );
  await server.sql('postgres', roles.join(' '));
  const two = await Promise.all([generateIdentity(), generateIdentity()]);
  recipients = await Promise.all(two.map(identityToRecipient));
  plant(volume, {
    'media/a': randomBytes(200 * KIB),
    'media/b': 'text',
    'annuaire/2026-04-15/rpps.csv': 'a;b',
    '.env': 'PASSWORD=x',
  });
});
afterAll(() => Promise.all([store.stop(), server.stop()]));

/** A source as the dump task backed it up. */
async function backedUp(sourceOf: (id: string) => Source): Promise<{ readonly source: Source; readonly receipt: Receipt }> {
  const source = sourceOf(`job-${++jobs}`);
  const { records } = await runTask(store, source, { ...dumpDependencies({ server, store }), volumeFolder: volume });
  const [record] = records;
  if (record?.result !== 'receipt') throw new Error(JSON.stringify(records));
  return { source, receipt: record.receipt };
}

/** A client that does not compare what it reads with the checksum that the store remembers. */
function credulous(): S3Vault {
  const { endpoint, region, accessKeyId, secretAccessKey } = store.server;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true, responseChecksumValidation: 'WHEN_REQUIRED' });
  return new S3Vault(s3, store.bucket);
}

async function verified({ source }: { readonly source: Source }, readBackLimitBytes = Number.POSITIVE_INFINITY) {
  const pgRestore = join(server.server.install.binDir, 'pg_restore');
  const lister = () => listArchive(pgRestore);
  const step = verify({ vault: credulous(), now: () => new Date('2026-04-19T02:09:00Z'), lister, readBackLimitBytes });
  return step({ planKey: await writePlan(store, source), id: source.id });
}

const damage = (message: RegExp) => ({ name: 'Nightproof.damaged', message: expect.stringMatching(message) });

/** Rewrites a stored object on disk; size and checksum that the store remembers stay as they were. */
const tamper = async (key: string, change: (bytes: Buffer) => Buffer): Promise<void> =>
  writeFile(store.path(key), change(await readFile(store.path(key))));

/** Puts other bytes in the place of an artifact, and a receipt that agrees with them but for what they hold. */
async function replaced({ source, receipt }: { source: Source; receipt: Receipt }, body: Buffer): Promise<void> {
  const digest = {
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    crc32: crc32(body).toString(16).padStart(8, '0'),
  };
  await store.vault.remove([receipt.key, tryKey(SLOT, source.id, 1)]);
  await store.s3.send(
    new PutObjectCommand({ Bucket: store.bucket, Key: receipt.key, Body: body, ChecksumCRC32: crc32ToBase64(digest.crc32) }),
  );
  await store.s3.send(
    new PutObjectCommand({
      Bucket: store.bucket,
      Key: tryKey(SLOT, source.id, 1),
      Body: JSON.stringify({ result: 'receipt', receipt: { ...receipt, ...digest } }),
    }),
  );
}

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

const globals = (id: string): Source => ({ ...globalsOf(id), connection: server.source('shop').connection });
const files = (id: string): Source => filesOf(id, { folder: 'media' });
const KINDS: readonly [string, (id: string) => Source][] = [
  ['globals', globals],
  ['files', files],
  ['files in zstd', (id) => filesOf(id, { folder: 'media', compression: 'zstd:1' })],
  ['a dated folder', (id) => datedFolderOf(id, '2026-04-15', { folder: 'annuaire' })],
  ['encrypted configuration files', (id) => configFilesOf(id, { recipients })],
  ['an encrypted database', (id) => server.source('shop', { id, recipients })],
];

describe.each(KINDS)('a backup of %s', (_, sourceOf) => {
  it('is verified by every byte', async () => {
    const job = await backedUp(sourceOf);
    const { bytes, sha256, crc32 } = job.receipt;
    const proof = await verified(job);
    expect(proof).toMatchObject({ bytes, sha256, crc32, readBack: true, tryKey: tryKey(SLOT, job.source.id, 1) });
    expect(proof).not.toHaveProperty('tocEntries');
  });

  it('is verified by its checksum above the limit, and says so', async () => {
    expect(await verified(await backedUp(sourceOf), 1)).toMatchObject({ readBack: false });
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['one bit is flipped', (bytes) => flipped(bytes, bytes.length >> 1)],
    ['its end is cut off', (bytes) => bytes.subarray(0, bytes.length - 8)],
    ['something is appended', (bytes) => Buffer.concat([bytes, Buffer.from('more')])],
  ])('is damaged where %s', async (_, change) => {
    const job = await backedUp(sourceOf);
    await tamper(job.receipt.key, change);
    await expect(verified(job)).rejects.toMatchObject(damage(/the dump task sent|receipts says/));
  });
});

describe('bytes that agree with their receipt', () => {
  it('but are no whole script of roles, are damaged', async () => {
    const job = await backedUp(globals);
    const whole = await readFile(store.path(job.receipt.key));
    await replaced(job, whole.subarray(0, whole.indexOf('-- PostgreSQL database cluster dump complete')));
    await expect(verified(job)).rejects.toMatchObject(damage(/has no end mark/));
  });

  it('but make other roles than were sent, are damaged', async () => {
    const job = await backedUp(globals);
    const whole = await readFile(store.path(job.receipt.key), 'utf8');
    await replaced(job, Buffer.from(whole.replace('CREATE ROLE r7;', '')));
    await expect(verified(job)).rejects.toMatchObject(damage(/40 roles stored, 41 sent/));
  });

  it('but are no tree, are damaged', async () => {
    const job = await backedUp(files);
    await replaced(job, randomBytes(50_000));
    await expect(verified(job)).rejects.toMatchObject(damage(/tar\.gz: the compressed stream/));
  });

  it('but hold another file than was sent, are damaged', async () => {
    const job = await backedUp(files);
    const tar = gunzipSync(await readFile(store.path(job.receipt.key)));
    await replaced(job, gzipSync(flipped(tar, tar.indexOf('text'))));
    await expect(verified(job)).rejects.toMatchObject(damage(/list of members, SHA-256/));
  });

  it('but are not encrypted, are damaged', async () => {
    const job = await backedUp((id) => server.source('shop', { id, recipients }));
    await replaced(job, randomBytes(50_000));
    await expect(verified(job)).rejects.toMatchObject(damage(/does not begin as a file that age encrypted/));
    await expect(verified(job, 1)).rejects.toMatchObject(damage(/does not begin/));
  });

  it('but are encrypted to others than the receipt names, are damaged', async () => {
    const job = await backedUp((id) => server.source('shop', { id, recipients }));
    const { encryption } = job.receipt;
    const fewer = { ...job.receipt, ...(encryption && { encryption: { ...encryption, recipients: [recipients[0] ?? ''] } }) };
    await replaced({ ...job, receipt: fewer }, await readFile(store.path(job.receipt.key)));
    await expect(verified(job)).rejects.toMatchObject(damage(/encrypted to 2 recipients, the receipt names 1/));
  });

  it('but are shorter than what was encrypted, are damaged', async () => {
    const job = await backedUp((id) => server.source('shop', { id, recipients }));
    const whole = await readFile(store.path(job.receipt.key));
    await replaced(job, whole.subarray(0, whole.length - 1000));
    await expect(verified(job)).rejects.toMatchObject(damage(/plain ones make/));
  });
});

describe('the list of members', () => {
  const membersOf = ({ receipt }: { readonly receipt: Receipt }): string => (receipt as TreeReceipt).contents.members.key;

  it.each<[string, (id: string) => Source]>([
    ['plain', files],
    ['encrypted', (id) => configFilesOf(id, { recipients })],
  ])('is looked at too (%s)', async (_, sourceOf) => {
    const job = await backedUp(sourceOf);
    await tamper(membersOf(job), (bytes) => flipped(bytes, bytes.length - 9));
    await expect(verified(job)).rejects.toMatchObject(damage(/members-.* read \d+ bytes with SHA-256/));
    await expect(verified(job, 1)).rejects.toMatchObject(damage(/members-/));
  });

  it('must be there', async () => {
    const job = await backedUp(files);
    await store.vault.remove([membersOf(job)]);
    await expect(verified(job)).rejects.toMatchObject(damage(/the list of members is gone/));
  });

  it('must be the one that was sent', async () => {
    const job = await backedUp(files);
    const receipt = job.receipt as TreeReceipt;
    const { members } = receipt.contents;
    const other = { ...receipt, contents: { ...receipt.contents, members: { ...members, count: members.count + 1 } } };
    await replaced({ ...job, receipt: other }, await readFile(store.path(receipt.key)));
    await expect(verified(job, 1)).rejects.toMatchObject(damage(/has 3 members .* sent were 4/));
  });
});
