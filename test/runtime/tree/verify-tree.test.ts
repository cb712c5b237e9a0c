import { Readable } from 'node:stream';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ScannedTree } from '../../../lib/domain/backup/tree-contents.ts';
import { digestOf } from '../../../lib/runtime/stored-digest.ts';
import type { CompressionMethod } from '../../../lib/runtime/tree/tree-compression.ts';
import { TreeReader } from '../../../lib/runtime/tree/tree-reader.ts';
import { TreeVerifier, verifyTree } from '../../../lib/runtime/tree/verify-tree.ts';
import { octal, TAR_END, tarData, tarHeader } from '../../support/tar-bytes.ts';

const TEXT = 'some text that compresses, some text that compresses; '.repeat(4);
const TAR = Buffer.concat([
  tarHeader({ name: 'd/', type: '5' }),
  tarHeader({ name: 'd/text', size: octal(TEXT.length) }),
  tarData(TEXT),
  tarHeader({ name: 'd/link', type: '2', link: 'text' }),
  TAR_END,
]);
const packed = { gzip: gzipSync(TAR), zstd: zstdCompressSync(TAR) };
const METHODS = ['gzip', 'zstd'] as const;

let sent: ScannedTree;
beforeAll(() => {
  const reader = new TreeReader();
  void reader.take(TAR);
  sent = reader.finish();
});

const verify = (bytes: Buffer, method: CompressionMethod, expected = sent): Promise<ScannedTree> =>
  verifyTree(Readable.from([bytes]), method, expected);

const damaged = (message: string) => expect.objectContaining({ reason: 'damaged', message: expect.stringContaining(message) });

describe.each(METHODS)('a tree that is stored with %s', (method) => {
  const unpack = method === 'gzip' ? gunzipSync : zstdDecompressSync;

  it('is what was sent, in one piece and byte by byte', async () => {
    expect(await verify(packed[method], method)).toEqual(sent);
    const bytes = Array.from(packed[method], (byte) => Buffer.from([byte]));
    expect(await verifyTree(Readable.from(bytes), method, sent)).toEqual(sent);
  });

  it('is damaged wherever it was cut', async () => {
    for (let length = 0; length < packed[method].length; length++)
      await expect(verify(packed[method].subarray(0, length), method), `${length} bytes`).rejects.toThrow(damaged(''));
  });

  it('is damaged with any one bit turned, but for those that carry nothing', async () => {
    let harmless = 0;
    for (let bit = 0; bit < packed[method].length * 8; bit++) {
      const turned = Buffer.from(packed[method]);
      turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
      const outcome = await verify(turned, method).catch((error: { reason: string }) => error.reason);
      if (outcome === 'damaged') continue;
      expect(outcome).toEqual(sent);
      expect(unpack(turned).equals(TAR)).toBe(true);
      harmless++;
    }
    // the date and origin of a gzip header, which the SHA-256 of the stored bytes covers
    expect(harmless).toBeLessThan(80);
  });

  it.each([
    ['garbage', Buffer.from('garbage')],
    ['one more byte', Buffer.from('g')],
    ['zeros', Buffer.alloc(600)],
    ['the beginning of another archive', packed[method].subarray(0, 12)],
    ['the same archive again', packed[method]],
  ])('is damaged with %s behind it', async (_, more) => {
    await expect(verify(Buffer.concat([packed[method], more]), method)).rejects.toThrow(damaged(''));
    await expect(verifyTree(Readable.from([packed[method], more]), method, sent)).rejects.toThrow(damaged(''));
  });

  it('is told from another, with what differs', async () => {
    const members = { ...sent.members, sha256: '0'.repeat(64) };
    const another = [
      [{ ...sent, files: 2 }, 'files: 1 stored, 2 sent'],
      [{ ...sent, members: { ...sent.members, count: 4 } }, 'members: 3 stored, 4 sent'],
      [{ ...sent, members }, 'list of members, SHA-256: '],
      [{ ...sent, tar: { ...sent.tar, sha256: '0'.repeat(64) } }, 'tar, SHA-256: '],
    ] as const;
    for (const [expected, message] of another)
      await expect(verify(packed[method], method, expected)).rejects.toThrow(damaged(message));
  });
});

it('names what is wrong', async () => {
  await expect(verify(packed.gzip.subarray(0, -1), 'gzip')).rejects.toThrow(damaged(`after ${TAR.length} bytes (Z_BUF_ERROR)`));
  await expect(verify(Buffer.concat([packed.gzip, Buffer.alloc(9)]), 'gzip')).rejects.toThrow(damaged('9 bytes behind its end'));
  await expect(verify(gzipSync(TAR.subarray(0, -1024)), 'gzip')).rejects.toThrow(damaged('ends before its end mark'));
  await expect(verify(Buffer.from('no archive at all'), 'gzip')).rejects.toThrow(damaged('cannot be unpacked'));
});

it('lets a connection that broke say so itself', async () => {
  const broken = Readable.from(
    (async function* () {
      yield packed.gzip.subarray(0, 40);
      throw new Error('connection lost');
    })(),
  );
  await expect(verifyTree(broken, 'gzip', sent)).rejects.toThrow('connection lost');
});

it('is fed beside the digest of the stored bytes, which is whole though the archive is not', async () => {
  const stored = Buffer.concat([packed.gzip.subarray(0, 50), Buffer.alloc(500)]);
  const verifier = new TreeVerifier('gzip');
  const pieces = Array.from({ length: 11 }, (_, n) => stored.subarray(n * 50, (n + 1) * 50));
  const digest = await digestOf(Readable.from(pieces), (chunk) => verifier.feed(chunk));
  expect(digest).toMatchObject({ bytes: 550 });
  expect(digest.fault).toBeUndefined();
  await expect(verifier.finish(sent)).rejects.toThrow(damaged(''));
  verifier.stop();
});

it('finds what random damage there is', async () => {
  const method = fc.constantFrom(...METHODS);
  await fc.assert(
    fc.asyncProperty(method, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 32 }), async (how, at, bytes) => {
      const stored = Buffer.from(packed[how]);
      // behind the header of gzip
      const from = 10 + (at % (stored.length - 10));
      const written = Buffer.from(bytes).subarray(0, stored.length - from);
      fc.pre(!written.equals(stored.subarray(from, from + written.length)));
      stored.set(written, from);
      await expect(verify(stored, how)).rejects.toThrow(damaged(''));
    }),
  );
});
