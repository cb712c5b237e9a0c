import { EXIT_MEANINGS } from './exit-codes.ts';

/** An example: what is typed, and what for. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly does: string;
}

export const ENVIRONMENT: readonly EnvironmentVariable[] = [
  { name: 'AWS_PROFILE', does: 'credentials and region, as for the AWS CLI' },
  { name: 'AWS_REGION', does: 'the region, where --region does not name one' },
  { name: 'NO_COLOR', does: 'set to anything: no colours' },
  { name: 'NIGHTPROOF_DEBUG', does: '1: errors show where in the code they happened' },
];

const WIDTH = 80;

/** Examples below a help text. */
export const examplesText = (examples: readonly Example[]): string =>
  ['', 'Examples:', ...examples.flatMap(({ line, does }) => [`  $ ${line}`, ...item('', 4, does)])].join('\n');

/** What holds for all commands. */
export const generalText = (): string =>
  [
    '',
    'Exit codes:',
    ...EXIT_MEANINGS.flatMap(([code, meaning]) => item(String(code), 5, meaning)),
    '',
    'Environment:',
    ...ENVIRONMENT.flatMap(({ name, does }) => item(name, 18, does)),
  ].join('\n');

function item(term: string, width: number, text: string): readonly string[] {
  const indent = ' '.repeat(width + 2);
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}${word}`);
  }
  return [`  ${term.padEnd(width)}${(lines[0] ?? '').trimStart()}`, ...lines.slice(1)];
}
