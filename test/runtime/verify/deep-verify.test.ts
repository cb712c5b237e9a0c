import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manifestKey } from '../../../lib/domain/backup/keys.ts';
import { type Manifest, memberListOf } from '../../../lib/domain/backup/manifest.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { S3Vault } from '../../../lib/runtime/s3-vault.ts';
import { type DeepVerifyOptions, deepVerify } from '../../../lib/runtime/verify/deep-verify.ts';
import { type Corpus, type CorpusBackup, makeCorpus } from '../../support/corpus-backups.ts';
import { CorpusVault } from '../../support/corpus-vault.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { MemoryVault } from '../../support/memory-vault.ts';
import { scratchFolderUntilEnd } from '../../support/scratch-folder.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const folder = scratchFolderUntilEnd();
let corpus: Corpus;
let store: VaultRig;

beforeAll(async () => {
  [corpus, store] = await Promise.all([makeCorpus(folder, 1), VaultRig.start()]);
}, 120_000);
afterAll(() => store.stop());

function backupOf(format: string): CorpusBackup {
  const found = corpus.backups.find((one) => one.format === format);
  if (!found) throw new Error(`there is no ${format}`);
  return found;
}

const look = (key: string, options: Partial<DeepVerifyOptions> & Pick<DeepVerifyOptions, 'vault'>) =>
  deepVerify(key, { clients: [corpus.client], signal: new AbortController().signal, ...options });

const memory = ({ objects }: CorpusBackup) => new CorpusVault(objects, new SeededRandom(1));

describe('a backup in a real store', () => {
  let proxy: FaultProxy;
  let vault: S3Vault;

  beforeAll(async () => {
    for (const { objects } of corpus.backups)
      for (const [Key, Body] of objects) await store.s3.send(new PutObjectCommand({ Bucket: store.bucket, Key, Body }));
  });
  beforeEach(async () => {
    proxy = await FaultProxy.start(store.server.endpoint);
    vault = new S3Vault(store.client(proxy.endpoint, { maxAttempts: 1 }), store.bucket);
  });
  afterEach(() => proxy.stop());

  it('is intact, of whatever kind', async () => {
    for (const { key, format } of corpus.backups)
      expect(await look(key, { vault }), key).toMatchObject({ result: 'intact', decoded: !format.endsWith('encrypted') });
  });

  it.each(['dump zstd', 'tree gzip', 'globals', 'dump zstd, encrypted'])(
    'is damaged when a bit of its file flips on the disk, or its end is missing: %s',
    async (format) => {
      const { key } = backupOf(format);
      const whole = await readFile(store.path(key));
      try {
        const flipped = Buffer.from(whole);
        flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 16;
        for (const changed of [flipped, whole.subarray(0, -1), Buffer.concat([whole, Buffer.from('x')])]) {
          await writeFile(store.path(key), changed);
          expect(await look(key, { vault })).toMatchObject({ result: 'damaged', problem: expect.stringContaining(key) });
        }
      } finally {
        await writeFile(store.path(key), whole);
      }
      expect(await look(key, { vault })).toMatchObject({ result: 'intact' });
    },
  );

  it('is damaged when a bit of its manifest flips on the disk, even one that nothing else speaks of', async () => {
    const { key } = backupOf('dump gzip');
    const file = store.path(manifestKey(key));
    const whole = await readFile(file, 'utf8');
    await writeFile(file, whole.replace(/("createdAt": ?"20)26/, '$136'));
    expect(await look(key, { vault })).toMatchObject({ result: 'damaged', problem: expect.stringContaining('CRC32') });
    await writeFile(file, whole);
  });

  it('is not called damaged when the store is overloaded, whichever of its objects is being read', async () => {
    const { key, manifest } = backupOf('tree gzip');
    for (const object of [manifestKey(key), key, memberListOf(manifest) ?? '', manifest.verification.tryKey]) {
      proxy.plan('slow down', 'GET', `${object}?`);
      expect(await look(key, { vault }), object).toMatchObject({ result: 'unread', failure: { reason: 'storage' } });
    }
    expect(await look(key, { vault })).toMatchObject({ result: 'intact' });
    expect(proxy.unmet).toBe(0);
  });

  it('is not called damaged when the connection breaks in the middle', async () => {
    const { key } = backupOf('dump none');
    proxy.plan('half a reply', 'GET', `${key}?`);
    expect(await look(key, { vault })).toMatchObject({ result: 'unread', failure: { reason: 'storage' } });
    expect(proxy.unmet).toBe(0);
  });
});

it.each(['manifest', 'list of members'])(
  'is not called damaged when the connection breaks while its %s is read',
  async (what) => {
    const one = backupOf('tree gzip');
    const vault = memory(one);
    const cut = what === 'manifest' ? manifestKey(one.key) : memberListOf(one.manifest);
    const read = vault.read.bind(vault);
    vault.read = async (key) => {
      const body = await read(key);
      return key === cut ? Readable.from(broken(body)) : body;
    };
    expect(await look(one.key, { vault })).toMatchObject({ result: 'unread', failure: { reason: 'storage' } });
  },
);

async function* broken(body: Readable): AsyncIterable<Buffer> {
  for await (const piece of body as AsyncIterable<Buffer>) {
    yield piece.subarray(0, piece.length >> 1);
    throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  }
}

it('looks twice before it calls something damaged: a bit that changed on its way proves nothing', async () => {
  const one = backupOf('dump gzip');
  const vault = memory(one);
  const read = vault.read.bind(vault);
  let reads = 0;
  vault.read = async (key) => {
    const body = await read(key);
    if (key !== one.key || ++reads > 1) return body;
    return body.map((piece: Buffer) => Buffer.from(piece).fill(0, 0, 1));
  };
  expect(await look(one.key, { vault })).toMatchObject({ result: 'intact' });
  expect(reads).toBe(2);
});

it('compares hashes only, and says so, where no client can read the dump', async () => {
  const one = backupOf('dump gzip');
  expect(await look(one.key, { vault: memory(one), clients: [] })).toMatchObject({ result: 'intact', decoded: false });
});

it('calls a backup neither damaged nor intact when pg_restore is killed, or is not there', async () => {
  const one = backupOf('dump gzip');
  const client = { ...corpus.client, pgRestore: '/nonexistent/pg_restore' };
  const finding = await look(one.key, { vault: memory(one), clients: [client] });
  expect(finding).toMatchObject({ result: 'unread', failure: { reason: 'internal' } });
});

it('says of what was removed meanwhile that there is no backup, and not that it is damaged', async () => {
  const finding = await look('daily/gone_20260419_020000.dump', { vault: new MemoryVault() });
  expect(finding).toMatchObject({ result: 'unread', failure: { reason: 'no-backup' } });
});

it('leaves a manifest of a newer version to a newer nightproof', async () => {
  const one = backupOf('globals');
  const vault = memory(one);
  vault.put(manifestKey(one.key), { ...one.manifest, version: 2 });
  expect(await look(one.key, { vault })).toMatchObject({ result: 'unread', failure: { reason: 'version' } });
});

it('takes a record of the run that was cleared away for nothing', async () => {
  const one = backupOf('globals');
  const vault = memory(one);
  await vault.remove([one.manifest.verification.tryKey]);
  expect(await look(one.key, { vault })).toMatchObject({ result: 'intact' });
});

it.each<[string, Partial<Manifest>]>([
  ['another key', { key: 'daily/roles_20260420_020000.sql' }],
  ['another tier', { tier: 'weekly' }],
  ['another source', { sourceId: 'others' }],
  ['a date that it has not', { date: '2026-04-19' }],
  ['a database that it has not', { database: 'shop' }],
  ['an origin that it has not', { copiedFrom: { key: 'daily/roles_20260419_020000.sql' } }],
])('is damaged where its manifest says %s', async (_, facts) => {
  const one = backupOf('globals');
  const vault = memory(one);
  vault.put(manifestKey(one.key), { ...one.manifest, ...facts });
  expect(await look(one.key, { vault })).toMatchObject({ result: 'damaged', problem: expect.stringContaining('manifest') });
});

it('tells how far it is, and ends when it is told to, with the reason it was given', async () => {
  const one = backupOf('dump none');
  let bytes = 0;
  await look(one.key, { vault: memory(one), onBytes: (more) => (bytes += more) });
  expect(bytes).toBeGreaterThan(one.manifest.receipt.bytes);

  const stop = new AbortController();
  const reason = new Failure('cancelled', 'told to stop');
  const ended = look(one.key, { vault: memory(one), signal: stop.signal, onBytes: () => stop.abort(reason) });
  await expect(ended).rejects.toBe(reason);
});
