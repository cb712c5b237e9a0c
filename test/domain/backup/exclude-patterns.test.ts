import { describe, expect, it } from 'vitest';
import { compileExcludes } from '../../../lib/domain/backup/exclude-patterns.ts';
import { distinctRoots } from '../../../lib/domain/backup/tree-roots.ts';

/** Which of the paths a pattern leaves out; a slash at the end makes a folder. */
const leftOut = (pattern: string, paths: readonly string[]): readonly string[] => {
  const excluded = compileExcludes([pattern]);
  return paths.filter((path) => excluded(path.replace(/\/$/, ''), path.endsWith('/')));
};

const PATHS = [
  'annuaire/',
  'media/',
  'media/annuaire/',
  'media/annuaire.txt',
  'media/a/annuaire',
  'annuaire2/',
  '.cache/',
  'a.tmp',
];

describe('a pattern to leave out', () => {
  it.each([
    ['annuaire', ['annuaire/', 'media/annuaire/', 'media/a/annuaire']],
    ['annuaire/', ['annuaire/', 'media/annuaire/']],
    ['/annuaire', ['annuaire/']],
    ['./annuaire/', ['annuaire/']],
    ['media/annuaire', ['media/annuaire/']],
    ['media/*', ['media/annuaire/', 'media/annuaire.txt']],
    ['media/**', ['media/annuaire/', 'media/annuaire.txt', 'media/a/annuaire']],
    ['media/**/annuaire', ['media/annuaire/', 'media/a/annuaire']],
    ['**/annuaire', ['annuaire/', 'media/annuaire/', 'media/a/annuaire']],
    ['annuaire?', ['annuaire2/']],
    ['*.tmp', ['a.tmp']],
    ['*', PATHS],
    ['Annuaire', []],
    ['[a]nnuaire', []],
  ])('%s fits %j', (pattern, expected) => {
    expect(leftOut(pattern, PATHS)).toEqual(expected);
  });

  it('takes every other character for itself', () => {
    const odd = 'a+(b)|c[d]{1}^$\\.e';
    expect(leftOut(odd, [odd, 'aab', `x${odd}`])).toEqual([odd]);
    expect(leftOut('!a', ['!a', 'a', 'b'])).toEqual(['!a']);
  });

  it('takes "?" for one character, in whatever bytes: an emoji, a byte that is no UTF-8, a line break', () => {
    expect(leftOut('a?b', ['a🎉b', 'aéb', 'a\udce9b', 'a\nb', 'a/b', 'ab', 'aééb'])).toEqual(['a🎉b', 'aéb', 'a\udce9b', 'a\nb']);
  });

  it('is quick with many stars', () => {
    expect(leftOut(`${'*a'.repeat(30)}b`, ['a'.repeat(200)])).toEqual([]);
  });
});

describe('roots', () => {
  it.each([
    [['.'], ['.']],
    [
      ['uploads/', './media', 'media'],
      ['media', 'uploads'],
    ],
    [
      ['a/b', 'a', 'a-b', 'ab'],
      ['a', 'a-b', 'ab'],
    ],
    [['x', '.'], ['.']],
    [['./'], ['.']],
    [['a//b/./c'], ['a/b/c']],
  ])('of %j are %j', (roots, expected) => {
    expect(distinctRoots(roots)).toEqual(expected);
  });
});
