import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pathBytes } from '../../../lib/domain/backup/path-text.ts';
import { memberLine, type TreeMember } from '../../../lib/domain/backup/tree-contents.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { onDisk } from '../../support/tree-oracle.ts';
import { type Archived, archive, plant, restore, run } from '../../support/tree-rig.ts';

const inOrder = (member: TreeMember): TreeMember => JSON.parse(memberLine(member)) as TreeMember;
const pathsOf = ({ list }: Archived): readonly string[] => list.map(({ path }) => path);
const failure = (reason: string, message: string) =>
  expect.objectContaining({ reason, message: expect.stringContaining(message) });

/** Archives the folder, and expects the list to be the tree, the archive to restore to it with plain tar, and nothing to be said. */
async function roundTrip(folder: string): Promise<Archived & { readonly restored: string }> {
  const before = (await onDisk(folder)).map(inOrder);
  const archived = await archive(folder);
  expect(archived.list).toEqual(before);
  expect(archived).toMatchObject({ exitCode: 0, warnings: [], contents: { members: { count: before.length } } });
  const restored = await restore(archived.stored, join(scratchFolder(), 'restored'));
  expect((await onDisk(restored)).map(inOrder)).toEqual(before);
  return { ...archived, restored };
}

describe('a tree comes back as it was', () => {
  it('with names that mean something to tar, to a shell or to a terminal', async () => {
    const folder = scratchFolder();
    // biome-ignore format: a table
    const names = [
      ' ', 'a b', ' begins and ends ', '-', '--', '-C', '-T', '--checkpoint=1', '--checkpoint-action=exec=touch pwned', '-rf',
      'two\nlines', 'tab\t', '\\', '\\n', '\\101', 'a\\', '*', '?', '[a]', '{a,b}', '$HOME', '`id`', '$(id)', ';', '|', '&', '!', '~', '#', '%p',
      '"', "'", '.hidden', '...', 'été', 'e\u0301te\u0301', '日本語', '🎉', '\u202etxt', '\u001b[31m', '\u007f', ',', '=', '@', 'PaxHeaders',
      'a.tar', 'x'.repeat(255), 'é'.repeat(127),
    ];
    plant(folder, Object.fromEntries(names.map((name) => [name, `content of ${name}`])));
    plant(folder, Object.fromEntries(names.map((name) => [`folders/${name}/`, ''])));
    const { contents } = await roundTrip(folder);
    expect(contents).toMatchObject({ files: names.length, directories: names.length + 2, links: 0, others: 0 });
    expect(existsSync('pwned')).toBe(false);
  });

  it('with names that are no UTF-8', async () => {
    const folder = scratchFolder();
    const names = [
      Buffer.from('caf\xe9', 'latin1'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('é\x80', 'latin1'),
    ];
    for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), name);
    symlinkSync(Buffer.from('gone-\xe9', 'latin1'), join(folder, 'link'));
    const { list } = await roundTrip(folder);
    const written = list.filter(({ type }) => type === 'file').map(({ path }) => pathBytes(path));
    expect(written).toEqual([...names].sort((a, b) => Buffer.compare(a, b)));
    expect(list).toContainEqual(expect.objectContaining({ path: 'link', linkTarget: 'gone-\udce9' }));
  });

  it('with paths far longer than a header has room for', async () => {
    const folder = scratchFolder();
    const deep = Array.from({ length: 12 }, (_, level) => `${level}${'d'.repeat(250)}`).join('/');
    plant(folder, { [`${deep}/file`]: 'deep', [`${deep}/empty/`]: '' });
    symlinkSync('t'.repeat(3000), join(folder, 'far'));
    linkSync(join(folder, deep, 'file'), join(folder, 'twin'));
    const { contents } = await roundTrip(folder);
    expect(contents).toMatchObject({ files: 1, directories: 14, links: 2 });
  });

  it('with links, whatever they lead to', async () => {
    const folder = scratchFolder();
    plant(folder, { 'a/file': 'once', 'b/': '' });
    symlinkSync('a/file', join(folder, 'relative'));
    symlinkSync('/etc/passwd', join(folder, 'absolute'));
    symlinkSync('../../../..', join(folder, 'b/up'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    symlinkSync('loop', join(folder, 'loop'));
    linkSync(join(folder, 'a/file'), join(folder, 'b/twin'));
    linkSync(join(folder, 'dangling'), join(folder, 'z-dangling-twin'));
    const { contents, restored } = await roundTrip(folder);
    expect(contents).toMatchObject({ files: 1, links: 7, bytes: 4 });
    expect(statSync(join(restored, 'a/file')).ino).toBe(statSync(join(restored, 'b/twin')).ino);
  });

  it('with holes, which stay holes and cost next to nothing', async () => {
    const folder = scratchFolder();
    const size = 64 * 1024 ** 2;
    plant(folder, { begins: 'x', 'only-a-hole': '', data: Buffer.alloc(100_000, 'd') });
    for (const name of ['begins', 'only-a-hole']) truncateSync(join(folder, name), size);
    await run('dd', ['if=/dev/urandom', `of=${join(folder, 'many')}`, 'bs=4096', 'count=1', 'seek=999'], {});
    await run('dd', ['if=/dev/urandom', `of=${join(folder, 'many')}`, 'bs=5000', 'count=3', 'seek=3000', 'conv=notrunc'], {});
    const { contents, restored } = await roundTrip(folder);
    expect(contents.bytes).toBeGreaterThan(2 * size);
    expect(contents.tar.bytes).toBeLessThan(1024 ** 2);
    expect(statSync(join(restored, 'begins')).blocks * 512).toBeLessThan(1024 ** 2);
  });

  it('with rights and times of every kind', async () => {
    const folder = scratchFolder();
    plant(folder, { old: '', young: '', exact: '', script: '', 'sticky/': '' });
    await run('touch', ['-d', '1969-12-30 23:59:59.5 UTC', join(folder, 'old')]);
    utimesSync(join(folder, 'young'), 4_102_444_800, 4_102_444_800);
    await run('chmod', ['6755', join(folder, 'script')]);
    await run('chmod', ['1777', join(folder, 'sticky')]);
    const { list } = await roundTrip(folder);
    const modes = new Map(list.map(({ path, mode, mtime }) => [path, `${mode} ${mtime}`]));
    expect([modes.get('old'), modes.get('young')]).toEqual(['0644 -86400.5', '0644 4102444800']);
    expect([modes.get('script')?.slice(0, 4), modes.get('sticky')?.slice(0, 4)]).toEqual(['6755', '1777']);
  });

  it('with pipes and devices, and without sockets, which are counted', async () => {
    const folder = scratchFolder();
    await run('mkfifo', [join(folder, 'pipe')]);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await run('mknod', [join(folder, 'null'), 'c', '1', '3']);
    const server = createServer().listen(join(folder, 'socket'));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { contents, sockets } = await roundTrip(folder);
    expect([contents.others, sockets]).toEqual([isRoot ? 2 : 1, 1]);
  });

  it('when there is nothing in it', async () => {
    const { contents } = await roundTrip(scratchFolder());
    expect(contents).toMatchObject({ files: 0, directories: 1, bytes: 0, members: { count: 1 } });
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
      { numRuns: 12 },
    );
  });
});

describe('what is archived', () => {
  const files = {
    'media/a': 'a',
    'media/annuaire/x': 'x',
    'uploads/b': 'b',
    'uploads/annuaire/y': 'y',
    'other/c': 'c',
    '.env': 'secret',
  };

  it('is the roots that are named, each once, by their paths from the folder', async () => {
    const folder = scratchFolder();
    plant(folder, files);
    expect(pathsOf(await archive(folder, { roots: ['uploads', './media/', 'media/annuaire', '.env'] }))).toEqual([
      '.env',
      'media',
      'media/a',
      'media/annuaire',
      'media/annuaire/x',
      'uploads',
      'uploads/annuaire',
      'uploads/annuaire/y',
      'uploads/b',
    ]);
  });

  it('is not what a pattern leaves out, nor anything in such a folder', async () => {
    const folder = scratchFolder();
    plant(folder, files);
    const left = async (exclude: readonly string[]) => pathsOf(await archive(folder, { roots: ['media', 'uploads'], exclude }));
    expect(await left(['annuaire/'])).toEqual(['media', 'media/a', 'uploads', 'uploads/b']);
    expect(await left(['/media/annuaire', 'b'])).toEqual([
      'media',
      'media/a',
      'uploads',
      'uploads/annuaire',
      'uploads/annuaire/y',
    ]);
    expect(await left(['*'])).toEqual(['media', 'uploads']);
  });

  it.each([
    ['a root that is not there', ['media', 'gone'], 'no-folder', 'gone" (ENOENT)'],
    ['a root inside a file', ['.env/x'], 'no-folder', '.env/x" (ENOTDIR)'],
    ['a root that is a link', ['current'], 'no-folder', 'current" is a symbolic link'],
  ])('is never guessed: %s', async (_, roots, reason, message) => {
    const folder = scratchFolder();
    plant(folder, files);
    symlinkSync('media', join(folder, 'current'));
    await expect(archive(folder, { roots })).rejects.toThrow(failure(reason, message));
  });

  it('is never guessed: a folder that is not there, or is none', async () => {
    const folder = scratchFolder();
    plant(folder, files);
    await expect(archive(join(folder, 'nowhere'))).rejects.toThrow(failure('no-folder', 'nowhere'));
    await expect(archive(join(folder, '.env'))).rejects.toThrow(failure('no-folder', '.env'));
  });

  it('reads through a base folder that is a link', async () => {
    const folder = scratchFolder();
    plant(folder, { 'release/a': 'a' });
    symlinkSync('release', join(folder, 'current'));
    expect(pathsOf(await archive(join(folder, 'current')))).toEqual(['.', 'a']);
  });
});

describe('the stream', () => {
  it.each(['gzip:1', 'gzip:6', 'gzip:9', 'zstd:1', 'zstd:3'] as const)(
    'packed with %s is the stream that tar wrote',
    async (compression) => {
      const folder = scratchFolder();
      plant(folder, { text: 'some text, '.repeat(100_000) });
      const { stored, bytes, contents, list } = await archive(folder, { compression });
      expect(bytes).toBe(stored.length);
      expect(list[1]).toMatchObject({ path: 'text', bytes: 1_100_000 });
      const file = join(scratchFolder(), 'stored');
      writeFileSync(file, compression.startsWith('zstd') ? zstdDecompressSync(stored) : stored);
      const { stdout } = await run('tar', [compression.startsWith('zstd') ? '-xOf' : '-xzOf', file, 'text'], {
        maxBuffer: 1024 ** 3,
      });
      expect(stdout).toBe('some text, '.repeat(100_000));
      expect(contents.tar.bytes).toBeGreaterThan(1_100_000);
    },
  );

  it('is the same for the same tree, and another after a change of one bit', async () => {
    const folder = scratchFolder();
    plant(folder, { a: 'a', b: 'b' });
    const [first, second] = [await archive(folder), await archive(folder)];
    expect(second.contents).toEqual(first.contents);
    expect(second.stored.equals(first.stored)).toBe(true);
    const { atime, mtime } = lstatSync(join(folder, 'b'));
    writeFileSync(join(folder, 'b'), 'c');
    utimesSync(join(folder, 'b'), atime, mtime);
    expect((await archive(folder)).contents.members.sha256).not.toBe(first.contents.members.sha256);
  });

  it('names owners by their numbers', async () => {
    const folder = scratchFolder();
    plant(folder, { a: 'a' });
    const file = join(scratchFolder(), 'stored');
    writeFileSync(file, (await archive(folder)).stored);
    const { stdout } = await run('tar', ['-tvzf', file, 'a']);
    const { uid, gid } = statSync(join(folder, 'a'));
    expect(stdout).toContain(` ${uid}/${gid} `);
  });

  it('lists thousands of files in order', async () => {
    const folder = scratchFolder();
    const names = Array.from({ length: 3_000 }, (_, n) => `${n % 7}/file-${n}`);
    for (const name of names) plant(folder, { [name]: name });
    const archived = await archive(folder);
    expect(archived.list.map(inOrder)).toEqual((await onDisk(folder)).map(inOrder));
    expect(archived.contents).toMatchObject({ files: 3_000, directories: 8 });
  });
});

function plantBytes(folder: string, names: readonly Buffer[], content: Uint8Array): void {
  const slash = Buffer.from('/');
  const folders = names.slice(0, -1).reduce((place, name) => Buffer.concat([place, slash, name]), Buffer.from(folder));
  try {
    mkdirSync(folders, { recursive: true });
    writeFileSync(Buffer.concat([folders, slash, names.at(-1) ?? slash]), content);
  } catch (error) {
    // a path may be a file in one place and a folder in another
    if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
