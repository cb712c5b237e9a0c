import { describe, expect, it } from 'vitest';
import { ArchiveBudget, limitOf } from '../../../lib/domain/restore/archive-limit.ts';
import { leadsOutside } from '../../../lib/domain/restore/outside-link.ts';
import { PathSelection } from '../../../lib/domain/restore/path-selection.ts';
import { type MemberHead, MemberJudge, type SafeMember } from '../../../lib/domain/restore/unsafe-member.ts';

const member = (path: string, more: Partial<MemberHead> = {}): MemberHead => ({
  path,
  type: 'file',
  mode: '0644',
  linkTarget: '',
  ...more,
});
const folder = (path: string) => member(path, { type: 'directory', mode: '0755' });
const symlink = (path: string, linkTarget: string) => member(path, { type: 'symlink', linkTarget });
const hardlink = (path: string, linkTarget: string) => member(path, { type: 'hardlink', linkTarget });
const pipe = (path: string) => member(path, { type: 'other' });

/** What is made of the last of these members, each judged after those before it. */
function judged(...members: readonly MemberHead[]): SafeMember | undefined {
  const judge = new MemberJudge();
  return members.map((one) => judge.judge(one)).at(-1);
}

const refusal = (what: string) => expect.objectContaining({ reason: 'unsafe-archive', message: expect.stringContaining(what) });

describe('a member', () => {
  it.each([
    ['a', 'a'],
    ['./a//b/./c', 'a/b/c'],
    ['...', '...'],
    ['..a/b..', '..a/b..'],
    ['caf\udce9/\udcff', 'caf\udce9/\udcff'],
    ['..\\..\\a', '..\\..\\a'],
    [' \n', ' \n'],
    ['x'.repeat(255), 'x'.repeat(255)],
    ['\udcff'.repeat(255), '\udcff'.repeat(255)],
  ])('of the path %j is made at %j', (path, plain) => {
    expect(judged(member(path))).toEqual({ make: 'file', path: plain, mode: 0o644, strippedRights: false });
  });

  it.each([
    ['', 'has no name'],
    ['.', 'is a file in place of the folder itself'],
    ['./', 'is a file in place of the folder itself'],
    ['/', 'absolute'],
    ['/a', 'absolute'],
    ['//a', 'absolute'],
    ['..', 'goes up'],
    ['../a', 'goes up'],
    ['a/..', 'goes up'],
    ['a/./../b', 'goes up'],
    ['a\0b', 'NUL'],
    ['a/../\0', 'NUL'],
    ['x'.repeat(256), 'too long'],
    ['é'.repeat(128), 'too long'],
    [Array.from({ length: 820 }, () => 'four').join('/'), 'too long'],
  ])('of the path %j is refused', (path, what) => {
    expect(() => judged(member(path))).toThrow(refusal(what));
  });

  it.each([
    ['0644', 0o644, false],
    ['0777', 0o777, false],
    ['4755', 0o755, true],
    ['2770', 0o770, true],
    ['1777', 0o777, true],
    ['7000', 0, true],
  ])('with rights %s keeps those of owner, group and others', (text, mode, strippedRights) => {
    expect(judged(member('a', { mode: text }))).toEqual({ make: 'file', path: 'a', mode, strippedRights });
    expect(judged(member('a', { mode: text, type: 'directory' }))).toEqual({
      make: 'directory',
      path: 'a',
      mode,
      strippedRights,
    });
  });

  it('is named in a refusal on one line, whatever its name holds', () => {
    expect(() => judged(member('../a\n\u001b[31m'))).toThrow('member "../a\\x0a\\x1b[31m" goes up');
  });
});

describe('members after one another', () => {
  it.each<[string, readonly MemberHead[], string]>([
    ['a file through a link', [symlink('l', 'd'), member('l/x')], 'through a symbolic link'],
    ['a file far below a link', [symlink('a/l', 'd'), member('a/l/b/c/x')], 'through a symbolic link'],
    ['a link through a link', [symlink('l', '.'), symlink('l/m', '..')], 'through a symbolic link'],
    [
      'a file through a further name of a link',
      [symlink('l', 'd'), hardlink('m', 'l'), member('m/x')],
      'through a symbolic link',
    ],
    ['a further name of a file behind a link', [symlink('l', '/etc'), hardlink('x', 'l/passwd')], 'hard link through'],
    ['a file in place of a link', [symlink('l', 'd'), member('l')], 'was there before'],
    ['a folder in place of a link', [symlink('l', 'd'), folder('l')], 'was there before'],
    ['a link in place of a folder', [folder('d'), symlink('d', 'x')], 'was there before'],
    ['a link in place of a folder that is only implied', [member('d/x'), symlink('d', 'x')], 'was there before'],
    ['a file in place of a folder', [folder('d'), member('./d')], 'was there before'],
    ['a folder twice', [folder('d'), folder('d//')], 'was there before'],
    ['a file below a pipe', [pipe('p'), member('p/x')], 'through a pipe'],
    ['a file in place of a pipe', [pipe('p'), member('p')], 'was there before'],
    ['a further name of a folder', [folder('d'), hardlink('x', 'd')], 'to a folder'],
    ['a further name of the tree itself', [hardlink('x', '.')], 'to a folder'],
    ['a further name of itself', [hardlink('x', './x')], 'to itself'],
    ['a further name of a file outside', [hardlink('x', '../y')], 'goes up'],
    ['a further name of a file by its absolute path', [hardlink('x', '/etc/passwd')], 'absolute'],
    ['a link to nothing', [symlink('l', '')], 'to nothing'],
    ['a link to a NUL', [symlink('l', 'a\0')], 'NUL'],
    ['a link to what no path has room for', [symlink('l', 'x/'.repeat(2100))], 'too long'],
  ])('are refused: %s', (_, members, what) => {
    expect(() => judged(...members)).toThrow(refusal(what));
    expect(() => judged(...members.slice(0, -1))).not.toThrow();
  });

  it('may be a folder after what lies in it', () => {
    expect(judged(member('d/e/x'), folder('d'))).toMatchObject({ make: 'directory', path: 'd' });
  });

  it('are links to whatever: files again, symbolic links of the same words, and nothing of what is not made', () => {
    expect(judged(member('x'), hardlink('./y', './/x'))).toEqual({ make: 'hardlink', path: 'y', target: 'x' });
    expect(judged(symlink('d/l', '../x'), hardlink('m', 'd/l'))).toEqual({
      make: 'symlink',
      path: 'm',
      target: '../x',
      sameAs: 'd/l',
    });
    expect(judged(pipe('p'), hardlink('q', 'p'))).toEqual({ make: 'nothing', path: 'q' });
  });
});

describe('a link', () => {
  const links = new Map([
    ['top', '.'],
    ['d/up', '..'],
    ['d/e/top', '../..'],
    ['deep', 'd/e/f'],
    ['out', '/etc'],
    ['loop', 'loop'],
    ['a', 'b'],
    ['b', 'a'],
  ]);

  it.each([
    ['l', 'x'],
    ['l', '.'],
    ['l', 'd/../x'],
    ['l', './/x/'],
    ['d/l', '..'],
    ['d/e/l', '../../x'],
    ['l', 'd/up/x'],
    ['l', 'deep/../../..'],
    ['l', 'deep/../../../top'],
    ['l', 'loop'],
    ['l', 'a/../..'],
  ])('at %s stays inside: %s', (path, target) => {
    expect(leadsOutside(path, target, links)).toBe(false);
  });

  it.each([
    ['l', '/'],
    ['l', '/etc'],
    ['l', '..'],
    ['l', 'x/../..'],
    ['d/l', '../..'],
    ['l', 'top/..'],
    ['l', 'd/up/..'],
    ['l', 'd/up/../etc'],
    ['l', 'd/e/top/..'],
    ['l', 'deep/../../../..'],
    ['l', 'out'],
    ['l', 'out/passwd'],
    ['l', 'top/top/top/..'],
  ])('at %s leads outside: %s', (path, target) => {
    expect(leadsOutside(path, target, links)).toBe(true);
  });

  it('that leads outside only by one that comes later is found at the end', () => {
    const judge = new MemberJudge();
    for (const one of [folder('d'), symlink('l', 'd/later/..'), symlink('inside', 'd'), symlink('d/later', '..')])
      judge.judge(one);
    expect(judge.outsideLinks(() => true)).toEqual({ count: 1, paths: ['l'] });
    expect(judge.outsideLinks((path) => path !== 'l').count).toBe(0);
    expect([judge.leadsOutside('l'), judge.leadsOutside('inside')]).toEqual([true, false]);
  });

  it('leads elsewhere under a further name in another folder', () => {
    const judge = new MemberJudge();
    for (const one of [folder('d'), symlink('d/l', '..'), hardlink('m', 'd/l')]) judge.judge(one);
    expect(judge.outsideLinks(() => true).paths).toEqual(['m']);
  });
});

describe('the budget of an archive', () => {
  const sha256 = 'a'.repeat(64);
  const contents = {
    files: 2,
    directories: 0,
    links: 0,
    others: 0,
    bytes: 10,
    tar: { bytes: 4096, sha256 },
    members: { count: 2, sha256 },
  };

  it('is exactly what was sent', () => {
    const budget = new ArchiveBudget(limitOf(contents));
    budget.tar(4000);
    budget.tar(96);
    budget.member(10);
    budget.member(0);
    expect(() => budget.tar(1)).toThrow(refusal('4096 bytes of tar'));
    expect(() => budget.member(0)).toThrow(refusal('2 members'));
    expect(() => new ArchiveBudget(limitOf(contents)).member(11)).toThrow(refusal('10 bytes in files'));
  });
});

describe('a selection of paths', () => {
  const file = (path: string): SafeMember => ({ make: 'file', path, mode: 0, strippedRights: false });
  const dir = (path: string): SafeMember => ({ make: 'directory', path, mode: 0, strippedRights: false });

  it('is what was named, all below it, and the folders above it', () => {
    const selection = new PathSelection(['a/b', './c//']);
    expect([file('a/b'), file('a/b/x'), file('c/d/e'), dir('a'), dir('.')].map((one) => selection.placeOf(one))).toEqual([
      'a/b',
      'a/b/x',
      'c/d/e',
      'a',
      '.',
    ]);
    expect([file('a/bc'), file('a'), file('b'), dir('a/x'), dir('d')].map((one) => selection.placeOf(one))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is all without names, also of an archive without members', () => {
    const selection = new PathSelection();
    expect([selection.placeOf(file('x')), selection.placeOf(dir('.'))]).toEqual(['x', '.']);
    expect(() => selection.finish()).not.toThrow();
  });

  it('names what was not found, all of it', () => {
    const selection = new PathSelection(['a', 'b', 'c\n']);
    selection.placeOf(file('b/x'));
    expect(() => selection.finish()).toThrow(
      expect.objectContaining({ reason: 'paths', message: 'the archive does not hold "a", "c\\x0a"' }),
    );
  });
});
