import { readFileSync } from 'node:fs';

export const EXAMPLES = ['aletheia', 'igny8', 'rgz', 'geolens', 'django'] as const;
export type Example = (typeof EXAMPLES)[number];

/** When a key comes to be, as docs/examples.md says it. */
export const OCCASIONS = [
  'every night',
  "Sunday's",
  "a month's first",
  "a year's first",
  'Sundays, plan media',
  'by hand',
  'once',
] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** A line of the table of what lies in the vault. */
export interface DocumentedKey {
  readonly occasion: Occasion;
  /** With `YYYYMMDD_HHMMSS`, or part of it, in place of a stamp. */
  readonly key: string;
  readonly kept: string;
}

export interface ExampleDocs {
  readonly keys: readonly DocumentedKey[];
  /** What the second table claims to stand in the file: `schedule.cron: 0 2 * * *`. */
  readonly settings: readonly { readonly path: string; readonly value: string }[];
  /** The first column of that table. */
  readonly rules: readonly string[];
}

export const exampleFile = (example: Example): string => `docs/examples/${example}.yaml`;

/** What docs/examples.md says of an example. */
export function readExampleDocs(example: Example): ExampleDocs {
  const section = readFileSync('docs/examples.md', 'utf8')
    .split(/^## /m)
    .find((text) => text.includes(`](examples/${example}.yaml): `));
  if (section === undefined) throw new Error(`docs/examples.md has no section on ${example}`);
  const rows = section.split('\n').flatMap((line) => (line.startsWith('| ') ? [cellsOf(line)] : []));
  const second = rows.findIndex(([title]) => title === "the system's rule");
  return {
    keys: rows.slice(1, second).map(([occasion = '', key = '', kept = '']) => ({
      occasion: occasionOf(occasion),
      key: key.replaceAll('`', ''),
      kept,
    })),
    settings: rows.slice(second + 1).flatMap((cells) => settingsIn(cells.join(' '))),
    rules: rows.slice(second + 1).map(([rule = '']) => rule),
  };
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

function occasionOf(text: string): Occasion {
  const found = OCCASIONS.find((occasion) => occasion === text);
  if (found) return found;
  throw new Error(`docs/examples.md: "${text}" is none of: ${OCCASIONS.join(', ')}`);
}

const settingsIn = (text: string): { path: string; value: string }[] =>
  [...text.matchAll(/`([a-zA-Z][\w.]*): ([^`]+)`/g)].map(([, path = '', value = '']) => ({ path, value }));
