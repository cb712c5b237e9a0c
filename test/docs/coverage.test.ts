import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Row {
  readonly numbers: readonly number[];
  readonly what: string;
  readonly shownBy: string;
}

const ROWS = readFileSync('docs/coverage.md', 'utf8')
  .split('\n')
  .map((line) => /^\| (\d+)(?:-(\d+))? \| (.+?) \| (.+) \|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, from = '', to = from, what = '', shownBy = '']): Row => {
    const count = Number(to) - Number(from) + 1;
    return { numbers: Array.from({ length: count }, (_, n) => Number(from) + n), what, shownBy };
  });

describe('docs/coverage.md', () => {
  it('leaves open only what notifications, metrics and the API still lack', () => {
    const open = ROWS.filter(({ shownBy }) => shownBy === 'not yet').map(({ numbers }) => [numbers.at(0), numbers.at(-1)]);
    expect(open).toEqual([
      [100, 111],
      [139, 145],
    ]);
  });

  it('has each row of the requirements once, in order', () => {
    expect(ROWS.flatMap(({ numbers }) => numbers)).toEqual(Array.from({ length: 145 }, (_, n) => n + 1));
  });

  it.each(ROWS.filter(({ shownBy }) => shownBy !== 'not yet'))(
    'row $numbers ($what) is shown by something that exists',
    (row) => {
      const faults = row.shownBy.split('; ').map(faultOf);
      expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
    },
  );

  it('notices a test that does not exist, and a page that does not', () => {
    expect(faultOf('`test/docs/coverage.test.ts` › does something else'.replace('else', 'e1se'))).toContain('no test');
    expect(faultOf('`test/docs/none.test.ts` › anything')).toContain('no file');
    expect(faultOf('[x](decisions/none.md)')).toContain('no file');
    expect(faultOf('trust me')).toContain('neither');
  });
});

/** What is wrong with one proof; undefined where it names a test by its title, or a page. */
function faultOf(proof: string): string | undefined {
  const [, file, title] = /^`(test\/[\w./-]+\.test\.ts)` › (.+)$/.exec(proof) ?? [];
  if (file !== undefined && title !== undefined) {
    if (!existsSync(file)) return `there is no file ${file}`;
    return titlesIn(readFileSync(file, 'utf8')).includes(title) ? undefined : `${file} has no test "${title}"`;
  }
  const [, page] = /^\[[^\]]+\]\(([^)#]+)\)$/.exec(proof) ?? [];
  if (page === undefined) return 'neither a test nor a page';
  return existsSync(join('docs', page)) ? undefined : `there is no file docs/${page}`;
}

/** Titles as they are written in the source, in any of the three kinds of quotes. */
const titlesIn = (source: string): readonly string[] =>
  [...source.matchAll(/\b(?:it|test)(?:\.[a-z]+(?:\([\s\S]*?\))?)*\(\s*(["'`])((?:\\.|(?!\1)[\s\S])*?)\1/g)].map(
    ([, , title = '']) => title.replace(/\\(['"`])/g, '$1'),
  );
