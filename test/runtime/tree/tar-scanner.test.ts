import { createHash } from 'node:crypto';
import { linkSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { memberLine, type TreeMember } from '../../../lib/domain/backup/tree-contents.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { type ScannedMember, TarScanner } from '../../../lib/runtime/tree/tar-scanner.ts';
import { TreeReader } from '../../../lib/runtime/tree/tree-reader.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { octal, paxHeader, TAR_END, tarData, tarHeader, withChecksum } from '../../support/tar-bytes.ts';
import { inTar } from '../../support/tree-oracle.ts';
import { plant, run } from '../../support/tree-rig.ts';

/** Scans a stream that comes in pieces, each in a buffer of its own that is wiped at once: nothing may hold on to what it was lent. */
function scan(stream: Buffer, cuts: readonly number[] = []): readonly ScannedMember[] {
  const found: ScannedMember[] = [];
  const scanner = new TarScanner((member) => found.push(member));
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  places.forEach((from, index) => {
    const piece = Buffer.from(stream.subarray(from, places[index + 1] ?? stream.length));
    for (let at = 0; at < piece.length; ) at = scanner.push(piece, at);
    piece.fill(0xff);
  });
  scanner.finish();
  return found;
}

const membersOf = (stream: Buffer): readonly TreeMember[] => scan(stream).map(({ member }) => member);
const refusal = (message: string) => expect.objectContaining({ reason: 'decode', message: expect.stringContaining(message) });
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

/** One of everything that GNU tar writes in the format that it is told to use, as small as it gets. */
let everything: Buffer;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
  plant(folder, { 'a b': 'x', 'd/empty': '', [`d/${'n'.repeat(120)}`]: 'long name', 'd/block': 'b'.repeat(512) });
  symlinkSync('/nowhere'.repeat(20), join(folder, 'far'));
  linkSync(join(folder, 'a b'), join(folder, 'twin'));
  writeFileSync(join(folder, 'holes'), 'begin');
  truncateSync(join(folder, 'holes'), 100_000);
  const args = ['-c', '--format=pax', '--sparse', '--sparse-version=1.0', '-b1', '--sort=name', '-C', folder, '.'];
  everything = (await run('tar', args, { encoding: 'buffer' })).stdout;
  rmSync(folder, { recursive: true });
});

describe('what the stream holds', () => {
  it('is told member by member', () => {
    expect(
      membersOf(everything).map((member) => [member.path, member.type, 'bytes' in member ? member.bytes : undefined]),
    ).toEqual([
      ['.', 'directory', undefined],
      ['./a b', 'file', 1],
      ['./d', 'directory', undefined],
      ['./d/block', 'file', 512],
      ['./d/empty', 'file', 0],
      [`./d/${'n'.repeat(120)}`, 'file', 9],
      ['./far', 'symlink', undefined],
      ['./holes', 'file', 100_000],
      ['./twin', 'hardlink', undefined],
    ]);
    const members = new Map(membersOf(everything).map((member) => [member.path, member]));
    expect(members.get('./holes')).toMatchObject({ sha256: sha256(Buffer.concat([Buffer.from('begin'), Buffer.alloc(99_995)])) });
    expect(members.get('./far')).toMatchObject({ linkTarget: '/nowhere'.repeat(20) });
    expect(members.get('./twin')).toMatchObject({ linkTarget: './a b' });
  });

  it('is the same however the stream is cut into pieces', () => {
    const whole = scan(everything);
    const everyByte = Array.from({ length: everything.length }, (_, at) => at);
    expect(scan(everything, everyByte)).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
        expect(scan(everything, cuts)).toEqual(whole);
      }),
    );
  });

  it.each(['gnu', 'oldgnu', 'pax', 'ustar', 'v7'])('is what Python reads of random trees, in the format %s', async (format) => {
    const name = fc.stringMatching(/^[a-zé \n*?'"\\-]{1,20}$/).filter((text) => text.trim() !== '' && !text.startsWith('-'));
    const path = fc.array(fc.oneof(name, fc.constant('long'.repeat(15))), { minLength: 1, maxLength: 3 });
    const tree = fc.array(fc.tuple(path, fc.oneof(fc.string(), fc.constant('z'.repeat(1024)))), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        const folder = scratchFolder();
        for (const [names, content] of files) plantWhereFree(folder, names, content);
        const file = join(scratchFolder(), 'tree.tar');
        const { stdout } = await run('tar', ['-c', `--format=${format}`, '-C', folder, '.'], { encoding: 'buffer' }).catch(
          partly,
        );
        writeFileSync(file, stdout);
        expect(membersOf(stdout)).toEqual((await inTar(file)).map(inOrder));
      }),
      { numRuns: 6 },
    );
  });

  it('knows sizes of 8 GiB and more in both spellings, and refuses what cannot be counted', () => {
    const nineGib = 9 * 1024 ** 3;
    const binary = tarHeader();
    binary.fill(0, 124, 136).writeUInt8(0x80, 124);
    binary.writeBigUInt64BE(BigInt(nineGib), 128);
    withChecksum(binary);
    for (const start of [binary, Buffer.concat([paxHeader({ size: String(nineGib) }), tarHeader()])]) {
      const scanner = new TarScanner(() => expect.unreachable());
      scanner.push(start);
      scanner.push(Buffer.alloc(1024 ** 2));
      expect(() => scanner.finish()).toThrow(refusal('inside a file'));
    }
    binary.fill(0xff, 124, 136);
    expect(() => scan(withChecksum(binary))).toThrow(refusal('impossible size'));
    expect(() => scan(Buffer.concat([paxHeader({ size: '9'.repeat(20) }), tarHeader()]))).toThrow(refusal('impossible size'));
  });

  it('takes names in any bytes, in the extended header and in the plain one', () => {
    const latin = Buffer.concat([tarHeader({ name: 'caf\xe9' }), TAR_END]);
    expect(scan(latin)[0]).toMatchObject({ member: { path: 'caf\udce9' }, path: Buffer.from('caf\xe9', 'latin1') });
    expect(membersOf(Buffer.concat([paxHeader({ path: 'é/\n=1' }), tarHeader(), TAR_END]))[0]).toMatchObject({ path: 'é/\n=1' });
  });

  it('lets a global header stand for all that follow, and an own one for the next alone', () => {
    const stream = [
      paxHeader({ mtime: '1.50' }, 'g'),
      tarHeader(),
      paxHeader({ mtime: '-2' }),
      tarHeader(),
      tarHeader(),
      TAR_END,
    ];
    expect(membersOf(Buffer.concat(stream)).map(({ mtime }) => mtime)).toEqual(['1.5', '-2', '1.5']);
  });
});

describe('a stream that is not whole', () => {
  it('is refused wherever it was cut, also between two members', () => {
    // two blocks of zeros end it; tar itself takes every cut at a block for the end
    const scanner = new TarScanner(() => undefined);
    const taken: number[] = [];
    for (let length = 0; length < everything.length; length++) {
      if (endsHere(scanner)) taken.push(length);
      scanner.push(everything.subarray(length, length + 1));
    }
    expect([taken, endsHere(scanner)]).toEqual([[], true]);
  });

  it('is refused with any one bit of a header turned, but for a checksum that is only spelt otherwise', () => {
    const whole = scan(everything);
    const headers = blocksOf(everything).filter((at) => everything.toString('latin1', at + 257, at + 262) === 'ustar');
    const places = fc.tuple(fc.constantFrom(...headers), fc.nat(511), fc.nat(7));
    fc.assert(
      fc.property(places, ([header, offset, bit]) => {
        const found = outcome(turned(everything, header + offset, bit));
        const spelt = offset >= 148 && offset < 156 && Array.isArray(found);
        expect(spelt ? found : whole).toEqual(whole);
        expect(spelt || found instanceof Failure).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('has other members with any one bit of a content turned', () => {
    const whole = scan(everything);
    for (const content of ['x', 'long name', 'begin', 'b'.repeat(512)]) {
      const at =
        blocksOf(everything).find((block) =>
          everything.toString('latin1', block, block + 512).startsWith(`${content}\0`.slice(0, 512)),
        ) ?? 0;
      fc.assert(
        fc.property(fc.nat(content.length - 1), fc.nat(7), (offset, bit) => {
          expect(outcome(turned(everything, at + offset, bit))).not.toEqual(whole);
        }),
        { numRuns: 50 },
      );
    }
  });

  it.each([
    ['goes on after its end', [tarHeader(), TAR_END, tarHeader(), TAR_END], 'goes on after its end mark'],
    [
      'has one block of zeros in its middle',
      [tarHeader(), Buffer.alloc(512), tarHeader(), TAR_END],
      'goes on after its end mark',
    ],
    ['ends in half a block', [tarHeader(), TAR_END, Buffer.alloc(100)], 'inside a header'],
    ['has an extended header at its end', [paxHeader({ path: 'b' }), TAR_END], 'no member follows'],
    ['has a folder with content', [tarHeader({ type: '5', size: octal(3) }), tarData('abc'), TAR_END], 'directory with content'],
    ['has a member without a name', [tarHeader({ name: '' }), TAR_END], 'without a name'],
    ['has a size that is no number', [tarHeader({ size: '0000000x000' }), TAR_END], 'a number that is none'],
    ['has a time that is no number', [paxHeader({ mtime: 'soon' }), tarHeader(), TAR_END], 'a time that is none'],
    ['continues another volume', [tarHeader({ type: 'M' }), TAR_END], 'unknown type (0x4d)'],
    ['has a sparse file of the oldest format', [tarHeader({ type: 'S' }), TAR_END], 'unknown type (0x53)'],
    ['has a sparse file of an older format', [paxHeader({ 'GNU.sparse.map': '0,1' }), tarHeader(), TAR_END], 'another format'],
    ['has a sparse file of a newer format', [paxHeader({ 'GNU.sparse.major': '2' }), tarHeader(), TAR_END], 'another format'],
    ['has an extended header of 2 MiB', [tarHeader({ type: 'x', size: octal(2 * 1024 ** 2) })], 'too long'],
    ['has a record that is too long', [extended('30 path=b\n')], 'does not add up'],
    ['has a record without a length', [extended('path=b\n')], 'does not add up'],
    ['has a record that is too short', [extended('8 path=b\n')], 'does not add up'],
  ])('%s: refused', (_, blocks, message) => {
    expect(() => scan(Buffer.concat(blocks))).toThrow(refusal(message));
  });

  it.each([
    ['has no numbers', 'x\n'],
    ['has a number without end', '1'.repeat(40)],
    ['names data behind the end of the file', '1\n9990\n512\n'],
    ['names data over other data', '2\n100\n100\n50\n412\n'],
    ['names less data than there is', '1\n0\n100\n'],
  ])('has a sparse file whose map %s: refused', (_, map) => {
    const sparse = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 's', 'GNU.sparse.realsize': '10000' };
    const stream = [paxHeader(sparse), tarHeader({ size: octal(1024) }), tarData(map), Buffer.alloc(512, 1), TAR_END];
    expect(() => scan(Buffer.concat(stream))).toThrow(refusal('sparse file whose map'));
  });
});

it('hashes a hole of any size in turns, so that the process stays awake', async () => {
  const bytes = 300 * 1024 ** 2;
  const sparse = {
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': 's',
    'GNU.sparse.realsize': String(bytes),
  };
  const map = tarData(`1\n${bytes}\n0\n`);
  const stream = Buffer.concat([paxHeader(sparse), tarHeader({ size: octal(512) }), map, TAR_END]);
  const found: TreeMember[] = [];
  const reader = new TreeReader(({ member }) => found.push(member));

  let turns = 0;
  const count = setInterval(() => turns++, 0);
  await reader.take(stream);
  clearInterval(count);
  expect(turns).toBeGreaterThan(2);
  expect(reader.finish()).toMatchObject({ files: 1, bytes });
  expect(found).toEqual([expect.objectContaining({ path: 's', bytes, sha256: sha256(Buffer.alloc(bytes)) })]);
});

it('keeps what is needed to see whether a file was written to since: the time of its last change', async () => {
  const folder = scratchFolder();
  plant(folder, { a: 'a' });
  const { stdout } = await run('tar', ['-c', '--format=pax', '-C', folder, 'a'], { encoding: 'buffer' });
  expect(scan(stdout)[0]?.ctime).toMatch(/^\d+(\.\d{1,9})?$/);
});

function endsHere(scanner: TarScanner): boolean {
  try {
    scanner.finish();
    return true;
  } catch {
    return false;
  }
}

function extended(record: string): Buffer {
  return Buffer.concat([tarHeader({ type: 'x', size: octal(record.length) }), tarData(record), tarHeader(), TAR_END]);
}

const blocksOf = (stream: Buffer): readonly number[] => Array.from({ length: stream.length / 512 }, (_, n) => n * 512);

function turned(stream: Buffer, at: number, bit: number): Buffer {
  const other = Buffer.from(stream);
  other[at] = (other[at] as number) ^ (1 << bit);
  return other;
}

/** The members of a stream, or why it is refused. */
function outcome(stream: Buffer): unknown {
  try {
    return scan(stream);
  } catch (error) {
    return error;
  }
}

/** tar ends with 2 where a name does not fit an old format; the rest of the stream is whole. */
const partly = (error: { stdout: Buffer }): { stdout: Buffer } => error;

/** Python's lists have their keys in another order. */
const inOrder = (member: TreeMember): TreeMember => JSON.parse(memberLine(member)) as TreeMember;

/** A path of the tree may be a file in one place and a folder in another. */
function plantWhereFree(folder: string, names: readonly string[], content: string): void {
  try {
    plant(folder, { [names.join('/')]: content });
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
