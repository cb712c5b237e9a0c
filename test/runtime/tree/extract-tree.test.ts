import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memberLine, type TreeMember } from '../../../lib/domain/backup/tree-contents.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { PathSelection } from '../../../lib/domain/restore/path-selection.ts';
import type { TreeExtraction } from '../../../lib/runtime/tree/extract-tree.ts';
import { StagedFolder } from '../../../lib/runtime/tree/staged-folder.ts';
import { writingFailure } from '../../../lib/runtime/tree/writing-failure.ts';
import { extracted, inPieces } from '../../support/restored-tree.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { onDisk } from '../../support/tree-oracle.ts';
import { type Archived, archive, plant, run } from '../../support/tree-rig.ts';
import { extractUnprivileged } from '../../support/unprivileged-extract.ts';

const failure = (reason: string, message: string) =>
  expect.objectContaining({ reason, message: expect.stringContaining(message) });

/** A tree as Python sees it, but for what a restore does not bring back, and with times as exact as it brings them back. */
async function restorable(folder: string): Promise<readonly TreeMember[]> {
  const members = (await onDisk(folder)).filter(({ type }) => type !== 'other');
  return members.map((member) => {
    const mode = member.type === 'symlink' ? member.mode : `0${member.mode.slice(1)}`;
    const mtime = Number(member.mtime).toFixed(5);
    return JSON.parse(memberLine({ ...member, mode, mtime })) as TreeMember;
  });
}

/** Archives a folder, restores it, and expects the two to be the same, member by member. */
async function roundTrip(folder: string, options: Partial<TreeExtraction> = {}) {
  const archived = await archive(folder, options.method === 'zstd' ? { compression: 'zstd:3' } : {});
  const destination = join(scratchFolder(), 'restored');
  const result = await extracted(archived, destination, { outsideLinks: 'keep', ...options });
  expect(await restorable(destination)).toEqual(await restorable(folder));
  expect(result.contents).toEqual(archived.contents);
  return { ...result, destination };
}

describe('a tree comes back as it was', () => {
  it('with files of every size and folders of every depth', async () => {
    const folder = scratchFolder();
    const sizes = [0, 1, 511, 512, 513, 130_000, 131_072, 400_000, 3_000_000];
    plant(folder, Object.fromEntries(sizes.map((size) => [`d${size % 3}/deep/${size}`, Buffer.alloc(size, `${size} `)])));
    plant(folder, { 'empty/': '', 'a/b/c/d/e/f/g/h/': '' });
    const { files, bytes, directories, warnings } = await roundTrip(folder);
    expect({ files, bytes, directories, warnings }).toEqual({
      files: sizes.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      directories: 16,
      warnings: [],
    });
    await roundTrip(folder, { method: 'zstd' });
  });

  it('with names that are no UTF-8, that mean something to a shell, or that are longer than a header', async () => {
    const folder = scratchFolder();
    // biome-ignore format: a table
    const names = [' ', '-', '-rf', 'two\nlines', 'tab\t', '\\', '*', '$(id)', '"', '...', '..a', 'été', 'e\u0301te\u0301', '🎉', '\u202etxt', 'x'.repeat(255), 'é'.repeat(127)];
    plant(folder, Object.fromEntries(names.map((name) => [name, `content of ${name}`])));
    plant(folder, Object.fromEntries(names.map((name) => [`folders/${name}/`, ''])));
    plant(folder, { [`${Array.from({ length: 10 }, (_, level) => `${level}${'d'.repeat(250)}`).join('/')}/file`]: 'deep' });
    for (const name of ['caf\xe9', '\xff\xfe', '\xed\xa0\x80', '\xc3\xa9\x80'].map((text) => Buffer.from(text, 'latin1')))
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), name);
    symlinkSync(Buffer.from('gone-\xe9', 'latin1'), join(folder, 'link'));
    await roundTrip(folder);
  });

  it('with links: further names are the same file again, and symbolic links lead where they led', async () => {
    const folder = scratchFolder();
    plant(folder, { 'a/file': 'once', 'b/': '', 'c/': '' });
    symlinkSync('a/file', join(folder, 'relative'));
    symlinkSync('a', join(folder, '0-to-a-folder'));
    symlinkSync('/etc/passwd', join(folder, 'absolute'));
    symlinkSync('../../../..', join(folder, 'b/up'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    symlinkSync('loop', join(folder, 'loop'));
    linkSync(join(folder, 'a/file'), join(folder, 'b/twin'));
    linkSync(join(folder, 'a/file'), join(folder, 'c/third'));
    linkSync(join(folder, 'dangling'), join(folder, 'z-dangling-twin'));
    const { destination, links, warnings } = await roundTrip(folder);
    expect(links).toBe(9);
    expect(statSync(join(destination, 'a/file')).nlink).toBe(3);
    expect(warnings).toEqual(['2 symbolic links leading outside of the tree: "absolute", "b/up"']);
  });

  it('with holes, which stay holes', async () => {
    const folder = scratchFolder();
    const size = 80 * 1024 ** 2;
    plant(folder, { begins: 'x', 'only-a-hole': '', data: Buffer.alloc(100_000, 'd') });
    for (const name of ['begins', 'only-a-hole']) truncateSync(join(folder, name), size);
    await run('dd', ['if=/dev/urandom', `of=${join(folder, 'many')}`, 'bs=4096', 'count=1', 'seek=999'], {});
    await run('dd', ['if=/dev/urandom', `of=${join(folder, 'many')}`, 'bs=5000', 'count=3', 'seek=3000', 'conv=notrunc'], {});
    const { destination } = await roundTrip(folder);
    for (const name of ['begins', 'only-a-hole', 'many'])
      expect([name, statSync(join(destination, name)).blocks]).toEqual([name, statSync(join(folder, name)).blocks]);
  });

  it('with rights and times of every kind, but for the bits that lend the rights of others', async () => {
    const folder = scratchFolder();
    plant(folder, { old: '', young: '', exact: '', script: '', 'sticky/a': '', 'closed/inside/file': 'x', locked: 'x' });
    await run('touch', ['-d', '1969-12-30 23:59:59.5 UTC', join(folder, 'old')]);
    await run('touch', ['-d', '2021-02-03 04:05:06.123456 UTC', join(folder, 'exact')]);
    utimesSync(join(folder, 'young'), 4_102_444_800, 4_102_444_800);
    await run('chmod', ['6755', join(folder, 'script')]);
    await run('chmod', ['1777', join(folder, 'sticky')]);
    await run('chmod', ['0000', join(folder, 'locked')]);
    await run('chmod', ['0555', join(folder, 'closed/inside'), join(folder, 'closed')]);
    await run('touch', ['-d', '2020-01-01 UTC', join(folder, 'closed/inside'), join(folder, 'closed'), folder]);
    const { warnings } = await roundTrip(folder);
    expect(warnings).toEqual(['2 members restored without its set-user-ID, set-group-ID or sticky bit: "script", "sticky"']);
  });

  it('but for pipes and devices, which are named', async () => {
    const folder = scratchFolder();
    plant(folder, { file: 'x' });
    await run('mkfifo', [join(folder, 'pipe')]);
    linkSync(join(folder, 'pipe'), join(folder, 'pipe-twin'));
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await run('mknod', [join(folder, 'null'), 'c', '1', '3']);
    const destination = join(scratchFolder(), 'restored');
    const { skipped } = await extracted(await archive(folder), destination);
    expect(readdirSync(destination)).toEqual(['file']);
    expect(skipped.paths).toEqual([...(isRoot ? ['null'] : []), 'pipe', 'pipe-twin']);
  });

  it('whatever it is made of', async () => {
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 20 })
      .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x41 : byte))))
      .filter((bytes) => !['.', '..'].includes(String(bytes)));
    const entry = fc.record({
      names: fc.array(name, { minLength: 1, maxLength: 4 }),
      content: fc.uint8Array({ maxLength: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 12 }), async (entries) => {
        const folder = scratchFolder();
        for (const { names, content } of entries) plantBytes(folder, names, content);
        await roundTrip(folder);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the destination', () => {
  const treeOf = (files: Readonly<Record<string, string>>): Promise<Archived> => {
    const folder = scratchFolder();
    plant(folder, files);
    return archive(folder);
  };

  it('may be an empty folder, or one whose parents are not there yet', async () => {
    const archived = await treeOf({ file: 'x' });
    const [empty, deep] = [scratchFolder(), join(scratchFolder(), 'not/there/yet')];
    for (const destination of [empty, deep]) {
      await extracted(archived, destination);
      expect(readdirSync(destination)).toEqual(['file']);
    }
    expect(readdirSync(join(deep, '..'))).toEqual(['yet']);
  });

  it('is refused before anything is read where it holds something, is a file, a link or where a volume is mounted', async () => {
    const archived = await treeOf({ file: 'x' });
    const place = scratchFolder();
    plant(place, { 'full/file': 'mine', file: 'mine', 'empty/': '' });
    symlinkSync('empty', join(place, 'link'));
    const source = { [Symbol.asyncIterator]: () => expect.fail('it was read') };
    for (const [name, why] of [
      ['full', 'is not empty'],
      ['file', 'is a file'],
      ['link', 'is a symbolic link'],
    ] as const)
      await expect(extracted(archived, join(place, name), { source })).rejects.toEqual(failure('target', why));
    await expect(extracted(archived, '/proc', { source })).rejects.toEqual(failure('target', 'a volume is mounted'));
    await expect(extracted(archived, '/', { source })).rejects.toEqual(failure('target', 'root of the file system'));
    expect(readdirSync(place).toSorted()).toEqual(['empty', 'file', 'full', 'link']);
  });

  it('is replaced when asked for, and what it held is kept beside it', async () => {
    const archived = await treeOf({ file: 'new' });
    const destination = join(scratchFolder(), 'media');
    plant(destination, { file: 'old', 'more/file': 'old' });
    const { replaced } = await extracted(archived, destination, { replace: true, name: 'restore-7' });
    expect(replaced).toBe(`${destination}.before-restore-7`);
    expect(readFileSync(join(replaced ?? '', 'more/file'), 'utf8')).toBe('old');
    expect([readdirSync(destination), readFileSync(join(destination, 'file'), 'utf8')]).toEqual([['file'], 'new']);
  });

  it('is as it was where what was there before cannot be kept', async () => {
    const archived = await treeOf({ file: 'new' });
    const destination = join(scratchFolder(), 'media');
    plant(destination, { file: 'old' });
    plant(`${destination}.before-test`, { file: 'older' });
    await expect(extracted(archived, destination, { replace: true })).rejects.toEqual(failure('target', 'is there already'));
    expect(readFileSync(join(destination, 'file'), 'utf8')).toBe('old');
    expect(readdirSync(join(destination, '..')).toSorted()).toEqual(['media', 'media.before-test']);
  });

  it('is taken again by a try that follows one which was killed', async () => {
    const archived = await treeOf({ file: 'x' });
    const destination = join(scratchFolder(), 'media');
    plant(join(destination, '../.media.restoring-test'), { half: 'a file' });
    await extracted(archived, destination);
    expect(readdirSync(destination)).toEqual(['file']);
    expect(readdirSync(join(destination, '..'))).toEqual(['media']);
  });

  it('is left as it was by a restore that is told to stop, also while it waits for the vault', async () => {
    const archived = await treeOf({ file: 'x'.repeat(1_000_000) });
    const place = scratchFolder();
    const stop = new AbortController();
    const cancelled = new Failure('cancelled', 'told to stop');
    async function* source(): AsyncIterable<Buffer> {
      yield archived.stored.subarray(0, 600);
      setImmediate(() => stop.abort(cancelled));
      await new Promise(() => undefined);
    }
    await expect(extracted(archived, join(place, 'media'), { source: source(), signal: stop.signal })).rejects.toBe(cancelled);
    expect(readdirSync(place)).toEqual([]);
  });

  it('is left as it was where the bytes end early, are others, or hold another tree than was sent', async () => {
    const [archived, other] = [await treeOf({ file: 'x'.repeat(1000) }), await treeOf({ file: 'y'.repeat(1000) })];
    const place = scratchFolder();
    const flipped = Buffer.from(archived.stored);
    flipped[flipped.length - 6] = (flipped.at(-6) ?? 0) ^ 1;
    const cut = archived.stored.subarray(0, -9);
    for (const stored of [cut, flipped, other.stored, Buffer.alloc(0)])
      await expect(extracted({ ...archived, stored }, join(place, 'media'))).rejects.toEqual(failure('damaged', ''));
    expect(readdirSync(place)).toEqual([]);
  });
});

it('writes nothing any more once it has failed, though pieces of the stream were under way', async () => {
  const folder = scratchFolder();
  plant(folder, { file: Buffer.alloc(4_000_000, 'x'), more: 'x' });
  const { stored, contents } = await archive(folder);
  const place = scratchFolder();
  let settled = false;
  const late: number[] = [];
  async function* source(): AsyncIterable<Buffer> {
    yield stored;
    throw new Failure('storage', 'connection lost');
  }
  const attempt = extracted({ stored, contents }, join(place, 'x'), {
    source: source(),
    onBytes: (bytes) => settled && late.push(bytes),
  });
  await expect(
    attempt.finally(() => {
      settled = true;
    }),
  ).rejects.toEqual(failure('storage', 'connection lost'));
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  expect({ late, left: readdirSync(place) }).toEqual({ late: [], left: [] });
});

describe('without the rights of root', () => {
  const open = (): string => {
    const place = scratchFolder();
    chmodSync(place, 0o777);
    return place;
  };

  it('folders that nobody may write to, or even enter, come back as well', async () => {
    const folder = scratchFolder();
    plant(folder, { 'closed/inside/file': 'x', 'shut/file': 'x', locked: 'x' });
    await run('chmod', ['0555', join(folder, 'closed/inside'), join(folder, 'closed')]);
    await run('chmod', ['0000', join(folder, 'shut'), join(folder, 'locked')]);
    await run('touch', ['-d', '2020-01-01 UTC', join(folder, 'closed/inside'), join(folder, 'closed'), folder]);
    const destination = join(open(), 'restored');
    expect(await extractUnprivileged(await archive(folder), destination)).toEqual({ files: 3, warnings: [] });
    expect(await restorable(destination)).toEqual(await restorable(folder));
  });

  it('a place that may not be written to is told from one that is full, and both are left as they were', async () => {
    const folder = scratchFolder();
    plant(folder, { 'd/small': 'x', large: Buffer.alloc(3_000_000, 'x') });
    const archived = await archive(folder);
    const [closed, full] = [scratchFolder(), open()];
    chmodSync(closed, 0o555);
    expect(await extractUnprivileged(archived, join(closed, 'x'))).toMatchObject({
      reason: 'target',
      detail: expect.stringContaining('EACCES'),
    });
    expect(await extractUnprivileged(archived, join(full, 'x'), 1024)).toMatchObject({
      reason: 'space',
      detail: '"large" cannot be made: write failed with EFBIG',
    });
    expect([readdirSync(closed), readdirSync(full)]).toEqual([[], []]);
  });
});

it.each([
  ['ENOSPC', 'space'],
  ['EDQUOT', 'space'],
  ['EEXIST', 'unsafe-archive'],
  ['ENOTDIR', 'unsafe-archive'],
  ['EACCES', 'target'],
  ['EROFS', 'target'],
  ['ENAMETOOLONG', 'target'],
  ['EIO', 'target'],
])('takes %s of a file system for %s', (code, reason) => {
  const refused = Object.assign(new Error('refused'), { code, syscall: 'write' });
  expect(writingFailure(refused, 'x cannot be made')).toEqual(failure(reason, `x cannot be made: write failed with ${code}`));
});

it('puts back what was there where the new folder cannot take its place', async () => {
  const destination = join(scratchFolder(), 'media');
  plant(destination, { file: 'old' });
  const staged = await StagedFolder.open({ destination, name: 'test', replace: true });
  rmdirSync(staged.path);
  await expect(staged.keep()).rejects.toEqual(failure('target', 'ENOENT'));
  expect(readFileSync(join(destination, 'file'), 'utf8')).toBe('old');
  expect(readdirSync(join(destination, '..'))).toEqual(['media']);
});

describe('a part of a tree', () => {
  const tree = async (): Promise<Archived> => {
    const folder = scratchFolder();
    plant(folder, { 'a/b/one': '1', 'a/b/two': '2', 'a/bc': 'not below a/b', 'a/c/three': '3', 'd/four': '4' });
    linkSync(join(folder, 'a/c/three'), join(folder, 'd/five'));
    linkSync(join(folder, 'a/c/three'), join(folder, 'd/six'));
    symlinkSync('../a', join(folder, 'd/link'));
    await run('chmod', ['0700', join(folder, 'a')]);
    await run('touch', ['-d', '2020-01-01 UTC', join(folder, 'a')]);
    return archive(folder);
  };
  const part = async (paths: readonly string[], foreseen?: (selection: PathSelection) => void) => {
    const selection = new PathSelection(paths);
    foreseen?.(selection);
    const destination = join(scratchFolder(), 'part');
    const result = await extracted(await tree(), destination, { selection });
    return { ...result, list: (await onDisk(destination)).map(({ path, type }) => `${type} ${path}`), destination };
  };

  it('is the paths that were named with all below them, in folders as they were', async () => {
    const { list, files, destination } = await part(['./a/b/', 'd/link']);
    expect(list).toEqual([
      'directory .',
      'directory a',
      'directory a/b',
      'file a/b/one',
      'file a/b/two',
      'directory d',
      'symlink d/link',
    ]);
    expect(files).toBe(2);
    expect(statSync(join(destination, 'a'))).toMatchObject({ mtimeMs: Date.UTC(2020, 0, 1) });
    expect(statSync(join(destination, 'a')).mode & 0o7777).toBe(0o700);
  });

  it('has the content of a file also under a further name of it, when the archive is read twice', async () => {
    await expect(part(['d'])).rejects.toEqual(failure('paths', 'another name of "a/c/three"'));
    const link = { make: 'hardlink', target: 'a/c/three' } as const;
    const { list, files, links, destination } = await part(['d'], (selection) => {
      selection.foresee({ ...link, path: 'd/five' });
      selection.foresee({ ...link, path: 'd/six' });
    });
    expect(list).toEqual(['directory .', 'directory d', 'file d/five', 'file d/four', 'symlink d/link', 'hardlink d/six']);
    expect([files, links, readFileSync(join(destination, 'd/six'), 'utf8')]).toEqual([2, 2, '3']);
  });

  it('is refused where a path is not there, or none is named', async () => {
    await expect(part(['a/b', 'a/x', 'a/b/one/x'])).rejects.toEqual(failure('paths', 'does not hold "a/x"'));
    expect(() => new PathSelection([])).toThrow(failure('paths', 'no path'));
  });
});

describe('links that lead outside', () => {
  const links = async (): Promise<Archived> => {
    const folder = scratchFolder();
    plant(folder, { 'a/file': 'x' });
    symlinkSync('/opt/app', join(folder, 'a/current'));
    symlinkSync('file', join(folder, 'a/inside'));
    linkSync(join(folder, 'a/current'), join(folder, 'twin'));
    return archive(folder);
  };

  it('are refused, all of them named, left out, or kept', async () => {
    const archived = await links();
    const place = scratchFolder();
    await expect(extracted(archived, join(place, 'a'))).rejects.toEqual(failure('unsafe-archive', '"a/current", "twin"'));
    const left = await extracted(archived, join(place, 'b'), { outsideLinks: 'leaveOut' });
    expect([left.links, readdirSync(join(place, 'b/a')), existsSync(join(place, 'b/twin'))]).toEqual([
      1,
      ['file', 'inside'],
      false,
    ]);
    expect(left.warnings).toEqual(['2 symbolic links left out: leading outside of the tree: "a/current", "twin"']);
    await extracted(archived, join(place, 'c'), { outsideLinks: 'keep' });
    expect(readlinkSync(join(place, 'c/a/current'))).toBe('/opt/app');
    expect(lstatSync(join(place, 'c/twin')).ino).toBe(lstatSync(join(place, 'c/a/current')).ino);
    expect(readdirSync(place).toSorted()).toEqual(['b', 'c']);
  });
});

it('says how far it is', async () => {
  const folder = scratchFolder();
  plant(folder, { file: Buffer.alloc(1_000_000, 'x') });
  const archived = await archive(folder);
  const seen: number[] = [];
  await extracted(archived, join(scratchFolder(), 'x'), {
    onBytes: (bytes) => seen.push(bytes),
    source: inPieces(archived.stored, 100),
  });
  expect(seen.length).toBeGreaterThan(3);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(archived.contents.tar.bytes);
});

function plantBytes(folder: string, names: readonly Uint8Array[], content: Uint8Array): void {
  const path = names.reduce<Buffer>((at, name) => Buffer.concat([at, Buffer.from('/'), name]), Buffer.from(folder));
  const parent = path.subarray(0, path.lastIndexOf('/'));
  try {
    mkdirSync(parent, { recursive: true });
    writeFileSync(path, content);
  } catch {
    // a file is where this one needs a folder, or the other way round
  }
}
