import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPrograms } from '../../lib/local/setup/find-program.ts';
import { artifactSink } from '../../lib/runtime/artifact-sink.ts';
import { encryptTo } from '../../lib/runtime/encryption/age-encryption.ts';
import { MultipartUpload } from '../../lib/runtime/upload/multipart-upload.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { VaultRig } from '../support/vault-rig.ts';

const KIB = 1024;
const [age] = findPrograms('age', (process.env.PATH ?? '').split(':'));

let store: VaultRig;
let keys: { readonly identity: string; readonly recipient: string }[];
beforeAll(async () => {
  store = await VaultRig.start();
  const identities = await Promise.all([generateIdentity(), generateIdentity(), generateIdentity()]);
  keys = await Promise.all(identities.map(async (identity) => ({ identity, recipient: await identityToRecipient(identity) })));
});
afterAll(() => store.stop());

let uploads = 0;
function newUpload(): { readonly key: string; readonly upload: MultipartUpload } {
  const key = `daily/sink-${++uploads}.dump`;
  const head = (present: string) => store.vault.head(present);
  return {
    key,
    upload: new MultipartUpload(store.s3, { bucket: store.bucket, key, tags: {}, partSizes: () => 5 * KIB ** 2, head }),
  };
}

/** Bytes that do not repeat, so that a piece in the wrong place is seen. */
const varied = (bytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 32) }, (_, n) => createHash('sha256').update(String(n)).digest()),
  ).subarray(0, bytes);

/** Writes bytes in pieces of uneven sizes, from one memory that is filled anew for each. */
async function send(bytes: Buffer, recipients?: readonly string[]) {
  const { key, upload } = newUpload();
  const sink = await artifactSink(upload, recipients);
  const memory = Buffer.alloc(256 * KIB);
  for (let at = 0, n = 1; at < bytes.length; n++) {
    const length = Math.min(1 + ((n * 77_777) % memory.length), bytes.length - at);
    bytes.copy(memory, 0, at, at + length);
    await sink.write(memory.subarray(0, length));
    memory.fill(0xee);
    at += length;
  }
  const sent = await sink.finish();
  await upload.complete();
  return { sent, stored: readFileSync(store.path(key)) };
}

const digests = (bytes: Buffer) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  crc32: crc32(bytes).toString(16).padStart(8, '0'),
});

const decrypt = (stored: Buffer, identity: string): Promise<Uint8Array> => {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return decrypter.decrypt(stored);
};

const key = (n: number) => keys[n] as { identity: string; recipient: string };

it('stores bytes as they are, and knows what they were', async () => {
  const bytes = varied(6_000_000);
  const { sent, stored } = await send(bytes);
  expect(stored.equals(bytes)).toBe(true);
  expect(sent).toEqual(digests(bytes));
});

describe('with recipients', () => {
  it.each([0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 6_000_000])(
    'stores %i bytes so that each private key opens them',
    async (length) => {
      const bytes = varied(length);
      const recipients = [key(0).recipient, key(1).recipient];
      const { sent, stored } = await send(bytes, recipients);

      const plain = { plainBytes: length, plainSha256: digests(bytes).sha256 };
      expect(sent).toEqual({ ...digests(stored), encryption: { format: 'age', recipients, ...plain } });
      for (const { identity } of [key(0), key(1)]) expect(bytes.equals(await decrypt(stored, identity))).toBe(true);
    },
  );

  it('is closed to any other private key', async () => {
    const { stored } = await send(varied(100_000), [key(0).recipient]);
    await expect(decrypt(stored, key(2).identity)).rejects.toThrow();
  });

  it.each([
    ['a piece cut off', (stored: Buffer) => stored.subarray(0, stored.length - 64 * KIB - 16)],
    ['the last byte cut off', (stored: Buffer) => stored.subarray(0, stored.length - 1)],
    ['one bit flipped', (stored: Buffer) => Buffer.from(stored).fill((stored[50_000] as number) ^ 1, 50_000, 50_001)],
  ])('is not opened with %s', async (_, change) => {
    const { stored } = await send(varied(3 * 64 * KIB), [key(0).recipient]);
    await expect(decrypt(change(stored), key(0).identity)).rejects.toThrow();
  });

  it.skipIf(!age)('is opened by the age program', async () => {
    const folder = scratchFolder();
    const bytes = varied(1_000_000);
    const { stored } = await send(bytes, [key(1).recipient, key(0).recipient]);
    writeFileSync(join(folder, 'stored'), stored);
    writeFileSync(join(folder, 'identity'), key(0).identity);
    const plain = execFileSync(age ?? '', ['-d', '-i', join(folder, 'identity'), join(folder, 'stored')], { maxBuffer: 1 << 24 });
    expect(plain.equals(bytes)).toBe(true);
  });

  it('refuses a recipient that was copied wrong, before anything is sent', async () => {
    const { upload } = newUpload();
    const last = key(0).recipient.endsWith('q') ? 'p' : 'q';
    const wrong = `${key(0).recipient.slice(0, -1)}${last}`;
    await expect(artifactSink(upload, [key(1).recipient, wrong])).rejects.toMatchObject({
      reason: 'recipient',
      message: expect.stringContaining('recipient 2 of 2'),
    });
  });

  it('says why the vault takes no more, to whoever writes', async () => {
    const { upload } = newUpload();
    const sink = await artifactSink(upload, [key(0).recipient]);
    await sink.write(varied(300_000));
    await upload.abort();
    const writing = (async () => {
      for (;;) await sink.write(varied(300_000));
    })();
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    await expect(sink.finish()).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('takes no more than it can hand on', async () => {
    const handedOn = Promise.withResolvers<void>();
    let waiting = 0;
    const encryption = await encryptTo([key(0).recipient], () => {
      waiting++;
      return handedOn.promise;
    });
    let taken = 0;
    const writing = (async () => {
      for (let n = 0; n < 64; n++) {
        await encryption.write(varied(64 * KIB));
        taken++;
      }
      await encryption.end();
    })();
    // every step that could still be made without the vault is made before this
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect({ waiting, taken }).toEqual({ waiting: 1, taken: expect.toSatisfy((pieces: number) => pieces < 8) });
    handedOn.resolve();
    await writing;
  });
});
