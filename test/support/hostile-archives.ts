import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { ArchiveLimit } from '../../lib/domain/restore/archive-limit.ts';
import type { CompressionMethod } from '../../lib/runtime/tree/tree-compression.ts';
import { octal, paxHeader, TAR_END, tarData, tarHeader, withChecksum } from './tar-bytes.ts';

/** What must become of an archive: refused for one of these reasons, or restored to exactly these paths (`/` at the end: a folder). */
type Outcome =
  | { readonly refused: readonly ('unsafe-archive' | 'damaged' | 'target')[] }
  | { readonly holds: Readonly<Record<string, string>> };

export interface HostileArchive {
  readonly family: string;
  readonly name: string;
  readonly stored: Buffer;
  readonly method: CompressionMethod;
  readonly limit: ArchiveLimit;
  readonly outcome: Outcome;
}

const UNSAFE: Outcome = { refused: ['unsafe-archive'] };
const DAMAGED: Outcome = { refused: ['damaged'] };
const MIB = 1024 ** 2;

/** A file whose name ends with a slash is a folder, and folders hold nothing. */
const asNamed = (name: string, code: string): Outcome => (code === '0' && name.endsWith('/') ? DAMAGED : UNSAFE);

/** Ways to write a name or the target of a link: in the header, as a record of POSIX, as GNU does with long ones. */
const SPELLINGS = ['header', 'pax', 'gnu'] as const;
type Spelling = (typeof SPELLINGS)[number];

const TYPES = { file: '0', hardlink: '1', symlink: '2', directory: '5' } as const;

interface Entry {
  readonly name: string;
  readonly type?: string;
  readonly link?: string;
  readonly data?: string;
  readonly mode?: string;
  readonly spelling?: Spelling;
}

/** One member, its name and target spelled in one of the ways. What the header itself says is harmless then. */
function entry({ name, type = '0', link = '', data = '', mode = '0000644', spelling = 'header' }: Entry): Buffer {
  const plain = { type, mode, size: octal(data.length) };
  if (spelling === 'header') return Buffer.concat([tarHeader({ ...plain, name, link }), tarData(data)]);
  const header = tarHeader({ ...plain, name: 'harmless', link: link && 'harmless' });
  if (spelling === 'pax')
    return Buffer.concat([paxHeader({ path: name, ...(link && { linkpath: link }) }), header, tarData(data)]);
  return Buffer.concat([gnuLong('L', name), ...(link ? [gnuLong('K', link)] : []), header, tarData(data)]);
}

const gnuLong = (type: 'L' | 'K', text: string): Buffer =>
  Buffer.concat([tarHeader({ name: '././@LongLink', type, size: octal(text.length + 1) }), tarData(`${text}\0`)]);

const file = (name: string, data = 'evil'): Buffer => entry({ name, data });
const folder = (name: string): Buffer => entry({ name, type: '5', mode: '0000755' });
const symlink = (name: string, link: string, spelling: Spelling = 'header'): Buffer => entry({ name, type: '2', link, spelling });
const hardlink = (name: string, link: string, spelling: Spelling = 'header'): Buffer =>
  entry({ name, type: '1', link, spelling });

/** Every archive. `guard` is a folder whose `outside` must stay as it is, and whose `place/restored` is restored to. */
export function hostileArchives(guard: string): readonly HostileArchive[] {
  const outside = join(guard, 'outside');
  return [
    ...traversal(),
    ...absolute(outside),
    ...throughLinks(outside),
    ...linksOutside(outside),
    ...hardLinks(outside),
    ...notMade(),
    ...rights(),
    ...twice(),
    ...records(outside),
    ...sparse(),
    ...sizes(),
    ...bombs(),
    ...crowds(),
    ...oddNames(),
    ...ends(),
  ];
}

/** Stored with gzip; the limit is what a receipt of this stream would say, with room for 1 MiB in files. */
function stored(
  family: string,
  name: string,
  members: readonly Buffer[],
  outcome: Outcome,
  facts: Partial<HostileArchive> = {},
): HostileArchive {
  const tar = Buffer.concat([...members, TAR_END]);
  const limit = { tarBytes: tar.length, fileBytes: MIB, members: 10_000 };
  return { family, name, method: 'gzip', stored: gzipSync(tar), limit, outcome, ...facts };
}

function traversal(): HostileArchive[] {
  // biome-ignore format: a table
  const names = ['..', '../pwned', 'a/..', 'a/../pwned', 'a/../../pwned', './../pwned', 'a/b/../../../pwned', '..//pwned', 'a/./..//..//pwned', '../'.repeat(20)];
  return names.flatMap((name) =>
    SPELLINGS.flatMap((spelling) =>
      Object.entries(TYPES).map(([type, code]) => {
        const link = code === '1' || code === '2' ? 'file' : '';
        const evil = entry({ name, type: code, link, spelling, data: code === '0' ? 'evil' : '' });
        return stored('traversal', `${type} ${JSON.stringify(name)} (${spelling})`, [file('file'), evil], asNamed(name, code));
      }),
    ),
  );
}

function absolute(outside: string): HostileArchive[] {
  const names = [join(outside, 'pwned'), join(outside, 'secret'), `/${outside}/pwned`, '/', '/./pwned'];
  return names.flatMap((name, n) =>
    SPELLINGS.flatMap((spelling) =>
      Object.entries(TYPES).map(([type, code]) => {
        const link = code === '1' || code === '2' ? 'file' : '';
        const evil = entry({ name, type: code, link, spelling, data: code === '0' ? 'evil' : '' });
        return stored('absolute', `${type} ${n} (${spelling})`, [file('file'), evil], asNamed(name, code));
      }),
    ),
  );
}

/** A link first, then something that goes through it: at once, or by a second link. */
function throughLinks(outside: string): HostileArchive[] {
  const targets = { absolute: outside, up: '../../outside', here: '.', inside: 'd', itself: 'link', nowhere: 'nowhere' };
  const next = {
    'a file': file('link/pwned'),
    'a folder': folder('link/pwned'),
    'a folder of its name': folder('link'),
    'a file of its name': file('link'),
    'a symbolic link': symlink('link/pwned', 'x'),
    'a hard link': hardlink('link/pwned', 'file'),
    'a hard link from behind it': hardlink('pwned', 'link/secret'),
    'a file far below': file('link/a/b/c/pwned'),
    'a file by another spelling': file('./d/.././link//pwned'.replace('d/.././', '')),
  };
  const oneStep = Object.entries(targets).flatMap(([target, link]) =>
    SPELLINGS.flatMap((spelling) =>
      Object.entries(next).map(([what, evil]) =>
        stored(
          'through a link',
          `${what}, ${target} (${spelling})`,
          [file('file'), folder('d'), symlink('link', link, spelling), evil],
          UNSAFE,
        ),
      ),
    ),
  );
  const twoSteps = [
    [symlink('x', '.'), symlink('x/y', '..'), file('x/y/pwned')],
    [symlink('x', '.'), symlink('y', 'x/..'), file('y/outside/pwned')],
    [folder('d'), symlink('d/x', '..'), symlink('y', 'd/x/..'), file('y/pwned')],
    [folder('d'), symlink('x', 'd'), hardlink('y', 'x'), file('y/pwned')],
    [symlink('x', outside), hardlink('y', 'x'), file('y/pwned')],
    [file('a/b'), symlink('a', outside), file('a/pwned')],
    [folder('a'), symlink('a', outside), file('a/pwned')],
    [folder('a'), symlink('a/', outside), file('a/pwned')],
    [symlink('Link', outside), symlink('link', 'Link'), file('link/pwned')],
    [hardlink('y', 'x'), symlink('x', outside), file('y/pwned')],
  ].map((members, n) => stored('through two links', `${n}`, members, UNSAFE));
  return [...oneStep, ...twoSteps];
}

/** Links that lead outside, alone or together; nothing goes through them. */
function linksOutside(outside: string): HostileArchive[] {
  const alone = [
    outside,
    '/',
    '/etc/passwd',
    '..',
    '../..',
    'd/../..',
    './..',
    'd/./../../outside',
    '../restored/../..',
    '../'.repeat(50),
  ];
  const single = alone.flatMap((link, n) =>
    SPELLINGS.map((spelling) =>
      stored('link outside', `${n} (${spelling})`, [folder('d'), symlink('link', link, spelling)], UNSAFE),
    ),
  );
  const together = Array.from({ length: 8 }, (_, depth) => {
    const deep = Array.from({ length: depth + 1 }, (__, n) => `d${n}`).join('/');
    const up = '../'.repeat(depth + 1);
    // the first leads to the top from below, the second goes up from there
    return stored(
      'links outside together',
      `depth ${depth}`,
      [folder(deep), symlink(`${deep}/top`, up), symlink('out', `${deep}/top/..`)],
      UNSAFE,
    );
  });
  const twins = [
    [folder('a'), folder('a/b'), symlink('a/b/link', '../..'), hardlink('link', 'a/b/link')],
    [symlink('a', 'b'), symlink('b', 'c'), symlink('c', '..')],
    [symlink('b', 'a/..'), symlink('a', '.')],
  ].map((members, n) => stored('links outside together', `twin ${n}`, members, UNSAFE));
  return [...single, ...together, ...twins];
}

function hardLinks(outside: string): HostileArchive[] {
  const targets = [
    join(outside, 'secret'),
    '../../outside/secret',
    '../outside/secret',
    'd/../../../outside/secret',
    '/etc/passwd',
    'nothing',
    'd',
    'pwned',
    '.',
    '..',
    '/',
  ];
  return targets.flatMap((link) =>
    SPELLINGS.flatMap((spelling) => [
      stored(
        'hard link',
        `${link.replace(outside, 'outside')} (${spelling})`,
        [folder('d'), hardlink('pwned', link, spelling)],
        UNSAFE,
      ),
      stored(
        'hard link, written to',
        `${link.replace(outside, 'outside')} (${spelling})`,
        [folder('d'), hardlink('pwned', link, spelling), file('pwned')],
        UNSAFE,
      ),
    ]),
  );
}

/** Devices and pipes: passed over, and nothing can lie below them. */
function notMade(): HostileArchive[] {
  const kinds = { 'character device': '3', 'block device': '4', pipe: '6' };
  return Object.entries(kinds).flatMap(([kind, type]) => [
    ...['0000666', '0004777', '0006755'].map((mode) =>
      stored('device', `${kind} ${mode}`, [entry({ name: 'dev/x', type, mode }), file('file', 'good')], {
        holds: { file: 'good' },
      }),
    ),
    stored('device', `${kind}, a further name of it`, [entry({ name: 'x', type }), hardlink('y', 'x'), file('file', 'good')], {
      holds: { file: 'good' },
    }),
    stored('device', `${kind}, a file below it`, [entry({ name: 'x', type }), file('x/pwned')], UNSAFE),
    stored('device', `${kind}, a file in its place`, [entry({ name: 'x', type }), file('x')], UNSAFE),
    stored('device', `${kind} above the tree`, [entry({ name: '../x', type })], UNSAFE),
    stored('device', `${kind} in place of the tree`, [entry({ name: './', type })], UNSAFE),
    stored('device', `${kind} with content`, [entry({ name: 'x', type, data: 'evil' })], DAMAGED),
  ]);
}

function rights(): HostileArchive[] {
  return ['0004755', '0002755', '0006777', '0001777', '0007777', '0004000', '0002070'].flatMap((mode) => [
    stored('rights', `file ${mode}`, [entry({ name: 'x', mode, data: 'good' })], { holds: { x: 'good' } }),
    stored('rights', `folder ${mode}`, [entry({ name: 'd', type: '5', mode }), file('d/x', 'good')], {
      holds: { 'd/': '', 'd/x': 'good' },
    }),
    stored('rights', `the tree itself ${mode}`, [entry({ name: '.', type: '5', mode }), file('x', 'good')], {
      holds: { x: 'good' },
    }),
  ]);
}

/** One place, named twice. */
function twice(): HostileArchive[] {
  const kinds: Readonly<Record<string, (name: string) => Buffer>> = {
    file: (name) => file(name),
    folder,
    link: (name) => symlink(name, 'file'),
    'hard link': (name) => hardlink(name, 'file'),
    'file below': (name) => file(`${name}/x`),
  };
  const spelled = ['a', './a', 'a//', './/a/.'];
  return Object.entries(kinds).flatMap(([first, make]) =>
    Object.entries(kinds).flatMap(([second, again]) =>
      spelled.flatMap((name, n) => {
        const both = `${first}, then ${second}`;
        // a folder that is named after what lies in it is no other folder; and two files below are two names below
        if (first === 'file below' && second === 'folder') return [];
        if (first === 'folder' && second === 'file below') return [];
        const again2 = second === 'folder' || second === 'file below' ? again(name) : again(name.replace(/\/+\.?$/, ''));
        return [stored('twice', `${both} (${n})`, [file('file'), make('a'), again2], UNSAFE)];
      }),
    ),
  );
}

/** Extended headers that say something else than the header, or than themselves. */
function records(outside: string): HostileArchive[] {
  const pax = (values: Readonly<Record<string, string>>, after = file('x'), type = 'x') => [paxHeader(values, type), after];
  const raw = (data: string) => [Buffer.concat([tarHeader({ type: 'x', size: octal(data.length) }), tarData(data)]), file('x')];
  const evil = join(outside, 'pwned');
  return [
    ...[evil, '../pwned', 'a/../../pwned'].flatMap((path, n) => [
      stored('records', `a path for all members ${n}`, pax({ path }, file('x'), 'g'), UNSAFE),
      stored('records', `a path of a sparse file ${n}`, pax({ 'GNU.sparse.name': path }), UNSAFE),
      stored('records', `two paths ${n}`, [paxHeader({ path: 'x' }), paxHeader({ path }), file('x')], UNSAFE),
      stored('records', `GNU's name against POSIX's ${n}`, [gnuLong('L', 'x'), paxHeader({ path }), file('x')], UNSAFE),
      stored('records', `a target for all links ${n}`, [paxHeader({ linkpath: path }, 'g'), hardlink('y', 'x')], UNSAFE),
      stored('link outside', `by a record for all ${n}`, [paxHeader({ linkpath: path }, 'g'), symlink('y', 'x')], UNSAFE),
    ]),
    ...['-1', 'NaN', '1e3', '0x10', '9'.repeat(30), ' 4', '4 '].map((size) =>
      stored('records', `size ${size}`, pax({ size }), DAMAGED),
    ),
    stored('records', 'size beyond the end', pax({ size: '100000' }), DAMAGED),
    stored('records', 'size beyond the limit', pax({ size: String(2 * MIB) }), UNSAFE),
    stored(
      'records',
      'size that makes content a member',
      pax({ size: '0' }, file('x', String(tarHeader({ name: '../pwned' }))), 'x'),
      { refused: ['unsafe-archive', 'damaged'] },
    ),
    ...['9999 path=x\n', '3 path=x\n', 'x path=x\n', '10 path=xy', '-5 path=x\n', '0 \n', '99999999999 path=x\n'].map((data) =>
      stored('records', `lengths that lie: ${JSON.stringify(data)}`, raw(data), DAMAGED),
    ),
    stored('records', 'a header that is too long', [tarHeader({ type: 'x', size: octal(2 * MIB) }), file('x')], DAMAGED),
    stored('records', 'an empty path', pax({ path: '' }), { refused: ['damaged', 'unsafe-archive'] }),
    ...['x', 'later', '1.2.3', '1e9'].map((mtime) => stored('records', `time ${mtime}`, pax({ mtime }), DAMAGED)),
    ...['V', 'M', 'S', 'D', 'N', 'A', 'X', 'I', 'Z', '8', ' '].map((type) =>
      stored('records', `a member of type ${type}`, [entry({ name: 'x', type })], DAMAGED),
    ),
    stored('records', 'a wrong checksum', [broken(file('x'))], DAMAGED),
  ];
}

function broken(member: Buffer): Buffer {
  const copy = Buffer.from(member);
  copy.write('y', 0, 'latin1');
  return copy;
}

/** Sparse files whose maps say something else than is there. */
function sparse(): HostileArchive[] {
  const map = (lines: string, realsize: number | string, data = '') => {
    const content = Buffer.concat([tarData(lines), Buffer.from(data)]);
    const head = paxHeader({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 'x',
      'GNU.sparse.realsize': String(realsize),
    });
    return [head, tarHeader({ name: 'GNUSparseFile/x', size: octal(content.length) }), tarData(content)];
  };
  const tib = 1024 ** 4;
  return [
    stored('sparse', 'an extent over another', map('2\n0\n4\n2\n4\n', 100, 'evilevil'), DAMAGED),
    stored('sparse', 'extents in another order', map('2\n50\n4\n0\n4\n', 100, 'evilevil'), DAMAGED),
    stored('sparse', 'an extent beyond the end', map('1\n98\n4\n', 100, 'evil'), DAMAGED),
    stored('sparse', 'a negative place', map('1\n-4\n4\n', 100, 'evil'), DAMAGED),
    stored('sparse', 'a place that is no number', map('1\nx\n4\n', 100, 'evil'), DAMAGED),
    stored('sparse', 'a place beyond all numbers', map('1\n99999999999999999999\n4\n', 100, 'evil'), DAMAGED),
    stored('sparse', 'more extents than there are', map('9\n0\n4\n', 100, 'evil'), DAMAGED),
    stored('sparse', 'a million extents that are not there', map('1000000\n', 100), DAMAGED),
    stored('sparse', 'less data than the map says', map('1\n0\n40\n', 100, 'evil'), DAMAGED),
    stored('sparse', 'more data than the map says', map('1\n0\n4\n', 100, 'evil'.repeat(200)), DAMAGED),
    stored('sparse', 'a map without lines', map('1'.repeat(400), 100), DAMAGED),
    stored('sparse', 'a size that is none', map('1\n0\n4\n', 'x', 'evil'), DAMAGED),
    stored('sparse', 'a hole of a tebibyte', map('1\n0\n4\n', tib, 'evil'), UNSAFE),
    stored('sparse', 'a hole of a byte over the limit', map('0\n', MIB + 1), UNSAFE),
    stored('sparse', 'a hole of all numbers', map('0\n', Number.MAX_SAFE_INTEGER), UNSAFE),
    stored(
      'sparse',
      'many holes that are too large together',
      Array.from({ length: 3 }, () => map('0\n', MIB / 2)).flat(),
      UNSAFE,
    ),
    ...['0.0', '0.1', '1.1', '2.0'].map((version) => {
      const [major = '', minor = ''] = version.split('.');
      return stored(
        'sparse',
        `format ${version}`,
        [paxHeader({ 'GNU.sparse.major': major, 'GNU.sparse.minor': minor }), file('x')],
        DAMAGED,
      );
    }),
  ];
}

/** Sizes in the header itself. */
function sizes(): HostileArchive[] {
  const sized = (bytes: readonly number[]) => {
    const header = tarHeader({ name: 'x' });
    Buffer.from(bytes).copy(header, 124);
    return [withChecksum(header)];
  };
  return [
    stored('sizes', 'the largest octal one', [tarHeader({ name: 'x', size: '77777777777' })], UNSAFE),
    stored('sizes', 'a binary one of 2^62', sized([0x80, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]), DAMAGED),
    stored('sizes', 'a negative one', sized(Array.from({ length: 12 }, () => 0xff)), DAMAGED),
    stored('sizes', 'the largest binary one', sized([0x80, ...Array.from({ length: 11 }, () => 0xff)]), DAMAGED),
    stored('sizes', 'a byte over the limit', [tarHeader({ name: 'x', size: octal(MIB + 1) })], UNSAFE),
    stored('sizes', 'within the limit, but not there', [tarHeader({ name: 'x', size: octal(MIB) })], DAMAGED),
    stored('sizes', 'digits that are none', [tarHeader({ name: 'x', size: '0000000009x' })], DAMAGED),
    ...['1', '2', '5'].map((type) =>
      stored('sizes', `content of type ${type}`, [entry({ name: 'x', type, link: 'y', data: 'evil' })], DAMAGED),
    ),
  ];
}

/** Little that is stored and much that comes of it. The limit is 1 MiB of tar. */
function bombs(): HostileArchive[] {
  const size = 40 * MIB;
  const limit = { tarBytes: MIB, fileBytes: MIB, members: 100 };
  const packed = { gzip: (tar: Buffer) => gzipSync(tar, { level: 1 }), zstd: (tar: Buffer) => zstdCompressSync(tar) };
  const big = Buffer.concat([tarHeader({ name: 'x', size: octal(size) }), Buffer.alloc(size), TAR_END]);
  const hidden = Buffer.concat([file('x', 'good'), TAR_END, Buffer.alloc(size)]);
  const header = Buffer.concat(
    Array.from({ length: 40 }, () => [tarHeader({ type: 'g', size: octal(MIB) }), Buffer.alloc(MIB)]).flat(),
  );
  return (['gzip', 'zstd'] as const).flatMap((method) => {
    const pack = packed[method];
    const bomb = (name: string, tar: Buffer, outcome: Outcome, more: Partial<ArchiveLimit> = {}) =>
      stored('bomb', `${name} (${method})`, [], outcome, { method, stored: pack(tar), limit: { ...limit, ...more } });
    return [
      bomb('one file', big, UNSAFE),
      bomb('one file that may be so large', big, UNSAFE, { fileBytes: size }),
      bomb('zeros behind the end', hidden, UNSAFE),
      bomb('headers', header, { refused: ['unsafe-archive', 'damaged'] }),
      bomb('nothing but zeros', Buffer.alloc(size), UNSAFE),
      stored(
        'bomb',
        `in a second frame (${method})`,
        [],
        { refused: ['unsafe-archive', 'damaged'] },
        {
          method,
          stored: Buffer.concat([pack(Buffer.concat([file('x'), TAR_END])), pack(Buffer.alloc(size))]),
          limit,
        },
      ),
    ];
  });
}

/** More members, or deeper ones, than anybody meant. */
function crowds(): HostileArchive[] {
  const few = { tarBytes: 100 * MIB, fileBytes: MIB, members: 100 };
  const many = (make: (n: number) => Buffer) => Array.from({ length: 3000 }, (_, n) => make(n));
  return [
    stored(
      'crowd',
      'of files',
      many((n) => file(`f${n}`, '')),
      UNSAFE,
      { limit: few },
    ),
    stored(
      'crowd',
      'of folders',
      many((n) => folder(`d${n}`)),
      UNSAFE,
      { limit: few },
    ),
    stored(
      'crowd',
      'of links',
      many((n) => symlink(`l${n}`, 'x')),
      UNSAFE,
      { limit: few },
    ),
    stored('crowd', 'of further names', [file('x'), ...many((n) => hardlink(`h${n}`, 'x'))], UNSAFE, { limit: few }),
    stored(
      'crowd',
      'of pipes',
      many((n) => entry({ name: `p${n}`, type: '6' })),
      UNSAFE,
      { limit: few },
    ),
    stored(
      'crowd',
      'of small files, a byte too many',
      Array.from({ length: 11 }, (_, n) => file(`f${n}`, 'x'.repeat(10))),
      UNSAFE,
      { limit: { ...few, fileBytes: 109 } },
    ),
    stored('crowd', 'a name of 256 bytes', [entry({ name: 'x'.repeat(256), spelling: 'pax' })], UNSAFE),
    stored('crowd', 'a name of 128 letters of two bytes', [entry({ name: 'é'.repeat(128), spelling: 'pax' })], UNSAFE),
    stored('crowd', 'a path of 5,000 folders', [entry({ name: 'd/'.repeat(5000), type: '5', spelling: 'pax' })], UNSAFE),
    stored('crowd', 'a target of 5,000 bytes', [symlink('x', 'd/'.repeat(2500), 'pax')], UNSAFE),
    stored(
      'crowd',
      'links that lead through each other without end',
      Array.from({ length: 60 }, (_, n) => symlink(`l${n}`, `l${n + 1}/`.repeat(20))).slice(0, 60),
      { holds: {} },
    ),
  ];
}

/** Names that are only odd, and stay inside as they are; and such as end early where C reads them. */
function oddNames(): HostileArchive[] {
  // biome-ignore format: a table
  const harmless = ['..\\..\\pwned', 'C:\\pwned', '...', '..a', 'a..', '~', '~/x', '-rf', '$(touch pwned)', 'a\nb', '\u001b[2J', ' ', '%2e%2e/x', '\u2024\u2024/x'];
  const overlong = tarHeader({ name: 'x' });
  Buffer.from([0xc0, 0xae, 0xc0, 0xae, 0x5c, 0x78]).copy(overlong, 0);
  return [
    ...harmless.map((name) =>
      stored('odd name', JSON.stringify(name), [entry({ name, spelling: 'pax', data: 'good' })], { holds: { [name]: 'good' } }),
    ),
    stored('odd name', 'an overlong "..", which is none', [withChecksum(overlong)], {
      holds: { '\udcc0\udcae\udcc0\udcae\\x': '' },
    }),
    ...['x\0/../../pwned', '\0', 'x\0', '..\0'].map((path) =>
      stored('NUL', JSON.stringify(path), [paxHeader({ path }), file('x')], UNSAFE),
    ),
    ...['x\0', '\0', '../..\0x'].flatMap((linkpath) =>
      (['1', '2'] as const).map((type) =>
        stored(
          'NUL',
          `target ${JSON.stringify(linkpath)} of type ${type}`,
          [file('x'), paxHeader({ linkpath }), entry({ name: 'y', type, link: 'x' })],
          UNSAFE,
        ),
      ),
    ),
  ];
}

/** Streams that end too early, or too late. */
function ends(): HostileArchive[] {
  const good = Buffer.concat([file('x', 'good'), file('y', 'good'), TAR_END]);
  const limit = { tarBytes: 100_000, fileBytes: MIB, members: 10 };
  const bytes = (name: string, storedBytes: Buffer, outcome: Outcome = DAMAGED, method: CompressionMethod = 'gzip') =>
    stored('end', `${name} (${method})`, [], outcome, { stored: storedBytes, method, limit });
  const frames = { gzip: gzipSync, zstd: zstdCompressSync } as const;
  return (['gzip', 'zstd'] as const).flatMap((method) => {
    const pack = (tar: Buffer) => Buffer.from(frames[method](tar));
    return [
      bytes('nothing', Buffer.alloc(0), DAMAGED, method),
      bytes('no tar at all', pack(Buffer.alloc(0)), DAMAGED, method),
      bytes('only an end', pack(TAR_END), { holds: {} }, method),
      bytes('half an end mark', pack(good.subarray(0, -512)), DAMAGED, method),
      bytes('no end mark', pack(good.subarray(0, -1024)), DAMAGED, method),
      bytes('inside a member', pack(good.subarray(0, 1700)), DAMAGED, method),
      bytes('inside a header', pack(good.subarray(0, 1200)), DAMAGED, method),
      bytes('a member behind the end', pack(Buffer.concat([good, file('../pwned')])), DAMAGED, method),
      bytes('garbage behind the end', pack(Buffer.concat([good, Buffer.alloc(512, 'x')])), DAMAGED, method),
      bytes('garbage behind the stream', Buffer.concat([pack(good), Buffer.alloc(100, 'x')]), DAMAGED, method),
      bytes('a cut stream', pack(good).subarray(0, -3), DAMAGED, method),
      bytes('the other compression', Buffer.from(frames[method === 'gzip' ? 'zstd' : 'gzip'](good)), DAMAGED, method),
    ];
  });
}
