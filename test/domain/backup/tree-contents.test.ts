import { describe, expect, it } from 'vitest';
import { changeWarnings, NO_PATHS, type PathList, withPath } from '../../../lib/domain/backup/tree-changes.ts';
import {
  memberLine,
  parseMemberLine,
  type ScannedTree,
  TreeContents,
  treeDifference,
} from '../../../lib/domain/backup/tree-contents.ts';

const sha256 = 'a'.repeat(64);
const named = { path: 'a', mode: '0644', mtime: '1776564000.25' };
const list = (...paths: string[]): PathList => paths.reduce(withPath, NO_PATHS);

describe('the line of a member', () => {
  it('is the same whatever the order of its keys', () => {
    const line = memberLine({ sha256, bytes: 3, type: 'file', ...named });
    expect(line).toBe(`{"path":"a","type":"file","bytes":3,"sha256":"${sha256}","mode":"0644","mtime":"1776564000.25"}\n`);
    expect(memberLine({ ...named, type: 'file', bytes: 3, sha256 })).toBe(line);
  });

  it.each([
    { ...named, type: 'file', bytes: 0, sha256 },
    { ...named, type: 'directory', path: '.' },
    { ...named, type: 'symlink', linkTarget: '../é\n"\\' },
    { ...named, type: 'hardlink', linkTarget: 'b' },
    { ...named, type: 'other', path: 'caf\udce9', mtime: '-1' },
  ] as const)('gives back what it was made of: $type', (member) => {
    const line = memberLine(member);
    expect(parseMemberLine(line)).toEqual(member);
    expect([line.split('\n').length, line.isWellFormed()]).toEqual([2, true]);
  });

  it.each([
    { ...named, type: 'file', bytes: 0 },
    { ...named, type: 'directory', bytes: 0 },
    { ...named, type: 'symlink' },
    { ...named, type: 'other', mode: '644' },
    { ...named, type: 'other', mtime: 1 },
    { ...named, type: 'socket' },
  ])('is refused where a field lacks or is another: %j', (member) => {
    expect(() => parseMemberLine(JSON.stringify(member))).toThrow();
  });
});

it('tells a stored tree from the one that was sent by every number of it', () => {
  const tree: ScannedTree = {
    files: 1,
    directories: 2,
    links: 3,
    others: 4,
    bytes: 5,
    tar: { bytes: 6, sha256 },
    members: { count: 10, sha256 },
  };
  expect(treeDifference(tree, TreeContents.parse({ ...tree, members: { ...tree.members, key: 'k' } }))).toBeUndefined();
  const other = 'b'.repeat(64);
  const differing: readonly (readonly [Partial<ScannedTree>, string])[] = [
    [{ files: 9 }, 'files: 9 stored, 1 sent'],
    [{ directories: 9 }, 'directories: 9 stored, 2 sent'],
    [{ links: 9 }, 'links: 9 stored, 3 sent'],
    [{ others: 9 }, 'other members: 9 stored, 4 sent'],
    [{ bytes: 9 }, 'bytes in files: 9 stored, 5 sent'],
    [{ tar: { bytes: 9, sha256 } }, 'bytes of tar: 9 stored, 6 sent'],
    [{ tar: { bytes: 6, sha256: other } }, `tar, SHA-256: ${other} stored, ${sha256} sent`],
    [{ members: { count: 9, sha256 } }, 'members: 9 stored, 10 sent'],
    [{ members: { count: 10, sha256: other } }, `list of members, SHA-256: ${other} stored, ${sha256} sent`],
  ];
  for (const [change, said] of differing) expect(treeDifference({ ...tree, ...change }, tree)).toBe(said);
});

describe('warnings', () => {
  const quiet = { changed: NO_PATHS, vanished: NO_PATHS, folders: NO_PATHS };

  it('name what changed and what vanished, each on one line', () => {
    expect(changeWarnings(quiet, 0)).toEqual([]);
    expect(changeWarnings({ ...quiet, folders: list('a') }, 0)).toEqual([]);
    expect(changeWarnings({ ...quiet, changed: list('a', 'b\n'), vanished: list('c') }, 1)).toEqual([
      '2 files changed while read: "a", "b\\x0a"',
      '1 file vanished before or while read: "c"',
    ]);
  });

  it('name ten, count the rest, and keep a thousand', () => {
    const many = list(...Array.from({ length: 1_234 }, (_, n) => `f${n}`));
    expect([many.count, many.paths.length]).toEqual([1_234, 1_000]);
    const [line] = changeWarnings({ ...quiet, changed: many }, 1);
    expect(line).toBe(
      `1,234 files changed while read: ${many.paths
        .slice(0, 10)
        .map((path) => `"${path}"`)
        .join(', ')} and 1224 more`,
    );
  });
});
