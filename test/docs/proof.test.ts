import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { proofPage, readRecord } from '../prove/proof-record.ts';
import { PROOFS } from '../prove/proofs.ts';

const FOLDER = 'docs/proof';
const RECORDED = existsSync(FOLDER) ? readdirSync(FOLDER).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []) : [];
const PAGES = ['README.md', ...globSync('docs/*.md')];

describe('docs/proof', () => {
  it.each(RECORDED)('has of %s a page that says what its record says, and no more', (name) => {
    const record = readRecord(FOLDER, name);
    expect(readFileSync(join(FOLDER, `${name}.md`), 'utf8')).toBe(proofPage(record));
    expect(PROOFS.map((proof) => proof.name)).toContain(record.proof);
    const whole = record.cases.done >= record.cases.asked && record.missing.length + record.violations.length === 0;
    expect(record.complete).toBe(whole);
  });

  it.each(PAGES)('agrees with the figures that %s quotes from it', (page) => {
    expect(readFileSync(page, 'utf8').split('\n').flatMap(wrongFiguresIn)).toEqual([]);
  });

  it('notices a figure that is in no record', () => {
    expect(RECORDED.filter((name) => isFigureOf(name, 123_456_789))).toEqual([]);
    expect(figuresIn('| 6,500 nights, 10,240 faults, 0 wrong | [faults](proof/faults.md), seed 1 |')).toEqual([6_500, 10_240]);
  });
});

/** Of a line that links to the page of a proof, the figures that its record does not have. */
function wrongFiguresIn(line: string): readonly number[] {
  const [, name] = /\((?:docs\/)?proof\/([a-z-]+)\.md\)/.exec(line) ?? [];
  return name === undefined ? [] : figuresIn(line).filter((figure) => !isFigureOf(name, figure));
}

/** Numbers of four digits and more, with a comma between thousands. */
const figuresIn = (line: string): readonly number[] =>
  [...line.matchAll(/\b\d{1,3}(?:,\d{3})+\b/g)].map(([text]) => Number(text.replaceAll(',', '')));

function isFigureOf(name: string, figure: number): boolean {
  const { figures, cases, tally } = readRecord(FOLDER, name);
  return [...Object.values(figures), ...Object.values(tally), cases.done].includes(figure);
}
