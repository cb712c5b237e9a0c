import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, type ConfigProblem, readConfig } from '../../lib/domain/config/config-file.ts';
import { BAD_CONFIGS, SECRETS } from '../support/bad-configs.ts';

const FILE = 'nightproof.yaml';
const GOLDEN = new URL('golden/bad-config.txt', import.meta.url);
const CASES = Object.entries(BAD_CONFIGS);

/** What there is to do, in the words in which the messages say it. */
const REMEDY =
  /\b(must|needs?|did you mean|Allowed here|choose|keep|put|write|add|check|take|leave|belongs? (to|under)|goes under)\b/;

function problemsOf(text: string): readonly ConfigProblem[] {
  try {
    readConfig(text, FILE);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The message as people see it, and under it the line that it points to. */
function shown(text: string, { line, column, path, message }: ConfigProblem): string {
  const source = (text.split('\n')[line - 1] ?? '').replaceAll('\t', ' ');
  return [
    `${FILE}:${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`,
    `  | ${source}`,
    `  | ${' '.repeat(column - 1)}^`,
  ].join('\n');
}

const entryOf = (name: string, text: string): string =>
  [`# ${name}`, ...problemsOf(text).map((problem) => shown(text, problem))].join('\n');

/** After a wanted change of messages: UPDATE_GOLDEN=1 npx vitest run test/domain/bad-config.test.ts, and read what changed. */
const golden = CASES.map(([name, text]) => entryOf(name, text)).join('\n\n');
if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, `${golden}\n`);
const expected = new Map(
  (existsSync(GOLDEN) ? readFileSync(GOLDEN, 'utf8') : '')
    .trimEnd()
    .split(/\n\n(?=# )/)
    .map((entry) => [entry.split('\n')[0]?.slice(2) ?? '', entry]),
);

it('knows at least 60 ways to get a configuration wrong, and the golden file no other', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(60);
  expect([...expected.keys()]).toEqual(CASES.map(([name]) => name));
});

describe.each(CASES)('%s', (name, text) => {
  const problems = problemsOf(text);

  it('is refused with the place and the words of the golden file', () => {
    expect(problems.length).toBeGreaterThan(0);
    expect(entryOf(name, text)).toBe(expected.get(name));
  });

  it('is said with a line of the file and what there is to do, and repeats no secret', () => {
    for (const { line, column, path, message } of problems) {
      expect(text.split('\n')[line - 1]?.length ?? -1).toBeGreaterThanOrEqual(column - 1);
      expect(message).toMatch(REMEDY);
      for (const secret of SECRETS) expect(`${path} ${message}`).not.toContain(secret);
    }
  });
});
