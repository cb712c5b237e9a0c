import { linkSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { membersKey } from '../../../lib/domain/backup/keys.ts';
import type { TreeReceipt } from '../../../lib/domain/backup/receipt.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';
import type { Decryption } from '../../../lib/runtime/encryption/age-decryption.ts';
import { encryptTo } from '../../../lib/runtime/encryption/age-encryption.ts';
import { digestOf } from '../../../lib/runtime/stored-digest.ts';
import { restoreTree, type TreeRestore } from '../../../lib/runtime/tree/restore-tree.ts';
import { inPieces } from '../../support/restored-tree.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { onDisk } from '../../support/tree-oracle.ts';
import { type Archived, archive, plant } from '../../support/tree-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const KEY = 'daily/media_20260419_020001.tar.gz';
const failure = (reason: string, message: string) =>
  expect.objectContaining({ reason, message: expect.stringContaining(message) });

let rig: VaultRig;
let source: string;
let archived: Archived;
let place: string;
beforeAll(async () => {
  rig = await VaultRig.start();
});
afterAll(() => rig.stop());

beforeEach(async () => {
  source = scratchFolder();
  plant(source, { 'a/one': '1', 'a/two': 'two '.repeat(100_000), 'b/': '' });
  linkSync(join(source, 'a/one'), join(source, 'b/twin'));
  archived = await archive(source);
  place = scratchFolder();
});

/** What the task would have left behind of these bytes. */
async function receiptOf(stored: Buffer, encryption?: TreeReceipt['encryption']): Promise<TreeReceipt> {
  const { bytes, sha256, crc32 } = await digestOf(Readable.from([stored]), async () => undefined);
  const members = { ...archived.contents.members, key: membersKey(KEY, sha256) };
  return {
    kind: 'files',
    sourceId: 'media',
    slot: slotOf(new Date('2026-04-19T02:00:01Z')),
    key: KEY,
    bytes,
    sha256,
    crc32,
    startedAt: '2026-04-19T02:00:01.000Z',
    finishedAt: '2026-04-19T02:00:02.000Z',
    ...(encryption && { encryption }),
    warnings: [],
    client: { version: 'GNU tar 1.34', compression: 'gzip:1' },
    exitCodes: { tar: 0 },
    contents: { ...archived.contents, members },
  };
}

const put = (body: Buffer) => rig.s3.send(new PutObjectCommand({ Bucket: rig.bucket, Key: KEY, Body: body }));

async function restored(options: Partial<TreeRestore> = {}, stored = archived.stored) {
  await put(stored);
  return restoreTree({
    vault: rig.vault,
    manifest: { key: KEY, receipt: await receiptOf(archived.stored) },
    destination: join(place, 'media'),
    name: 'restore-1',
    outsideLinks: 'leaveOut',
    signal: new AbortController().signal,
    ...options,
  });
}

it('comes back from the vault as it was, and says how far it is', async () => {
  const seen: string[] = [];
  const result = await restored({ onBytes: (phase, bytes) => seen.push(`${phase} ${bytes}`) });
  expect(result).toMatchObject({ files: 2, links: 1, warnings: [], contents: archived.contents });
  const times = /"mtime":"\d+(\.\d{0,6})?\d*"/g;
  const [before, after] = [await onDisk(source), await onDisk(join(place, 'media'))].map((list) =>
    JSON.stringify(list).replace(times, ''),
  );
  expect(after).toBe(before);
  const { length } = archived.stored;
  expect(seen.filter((line) => line === `verify ${length}` || line === `restore ${length}`)).toEqual([
    `verify ${length}`,
    `restore ${length}`,
  ]);
});

describe('nothing is written', () => {
  const left = () => readdirSync(place);

  it('where one stored bit is another, bytes are missing, or the object is gone', async () => {
    const flipped = Buffer.from(archived.stored);
    flipped[200] = (flipped.at(200) ?? 0) ^ 4;
    await expect(restored({}, flipped)).rejects.toEqual(failure('damaged', 'read'));
    await expect(restored({}, archived.stored.subarray(0, -1))).rejects.toEqual(failure('damaged', 'read'));
    const receipt = await receiptOf(archived.stored);
    await expect(restored({ manifest: { key: 'daily/other.tar.gz', receipt } })).rejects.toEqual(failure('damaged', 'is gone'));
    expect(left()).toEqual([]);
  });

  it('where the bytes are those of the receipt, and hold more than it says', async () => {
    const receipt = await receiptOf(archived.stored);
    const contents = { ...receipt.contents, tar: { ...receipt.contents.tar, bytes: 100_000 } };
    const manifest = { key: KEY, receipt: { ...receipt, contents } };
    await expect(restored({ manifest })).rejects.toEqual(failure('unsafe-archive', '100000 bytes of tar'));
    expect(left()).toEqual([]);
  });

  it('where links lead outside and that is refused', async () => {
    symlinkSync('/opt/app', join(source, 'a/current'));
    archived = await archive(source);
    const phases = new Set<string>();
    const refused = restored({ outsideLinks: 'refuse', onBytes: (phase) => phases.add(phase) });
    await expect(refused).rejects.toEqual(failure('unsafe-archive', '"a/current"'));
    expect([...phases]).toEqual(['verify']);
    expect(left()).toEqual([]);
    const { warnings } = await restored();
    expect(warnings).toEqual(['1 symbolic link left out: leading outside of the tree: "a/current"']);
  });

  it('where it is told to stop while it verifies', async () => {
    const stop = new AbortController();
    const cancelled = new Failure('cancelled', 'told to stop');
    await expect(restored({ signal: stop.signal, onBytes: () => stop.abort(cancelled) })).rejects.toBe(cancelled);
    expect(left()).toEqual([]);
  });
});

it('restores the very version that it verified, whatever lies under the key by then', async () => {
  const evil = gzipSync(Buffer.from(gunzipSync(archived.stored).toString('latin1').replace('two two', 'bad bad'), 'latin1'));
  let overwritten: Promise<unknown> | undefined;
  const read = async (key: string, versionId?: string) => {
    await overwritten;
    return rig.vault.read(key, versionId);
  };
  const vault = Object.assign(Object.create(rig.vault) as VaultRig['vault'], {
    head: (key: string) => rig.vault.head(key),
    read,
  });
  const onBytes = (phase: string, bytes: number) => {
    if (phase === 'verify' && bytes === archived.stored.length) overwritten ??= put(evil);
  };
  await restored({ vault, onBytes });
  expect(overwritten).toBeDefined();
  expect(readFileSync(join(place, 'media/a/two'), 'utf8')).toBe('two '.repeat(100_000));
});

it('gives the content of a file also under a further name of it, where only that is asked for', async () => {
  const { files, links } = await restored({ paths: ['b'] });
  expect([files, links, readFileSync(join(place, 'media/b/twin'), 'utf8')]).toEqual([1, 0, '1']);
  expect(readdirSync(join(place, 'media'))).toEqual(['b']);
});

describe('an encrypted backup', () => {
  async function encrypted(options: Partial<TreeRestore> = {}) {
    const identity = await generateIdentity();
    const recipients = [await identityToRecipient(identity)];
    const pieces: Buffer[] = [];
    const encryption = await encryptTo(recipients, async (piece) => void pieces.push(piece));
    for await (const piece of inPieces(archived.stored)) await encryption.write(piece);
    await encryption.end();
    const stored = Buffer.concat(pieces);
    const { bytes, sha256 } = await receiptOf(archived.stored);
    const receipt = await receiptOf(stored, { format: 'age', recipients, plainBytes: bytes, plainSha256: sha256 });
    const decrypt: Decryption = async function* (body) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      const whole: Buffer[] = [];
      for await (const chunk of body) whole.push(chunk);
      yield Buffer.from(await decrypter.decrypt(Buffer.concat(whole)));
    };
    return restored({ manifest: { key: KEY, receipt }, decrypt, ...options }, stored);
  }

  it('is decrypted by whoever has the key, whole or in part', async () => {
    await encrypted();
    expect(readFileSync(join(place, 'media/b/twin'), 'utf8')).toBe('1');
    await encrypted({ destination: join(place, 'part'), paths: ['b'] });
    expect(readFileSync(join(place, 'part/b/twin'), 'utf8')).toBe('1');
  });

  it('is refused without one', async () => {
    await expect(encrypted({ decrypt: undefined as never })).rejects.toEqual(failure('identity', 'is encrypted'));
    writeFileSync(join(place, 'x'), '');
    expect(readdirSync(place)).toEqual(['x']);
  });
});
