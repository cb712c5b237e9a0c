import { wrapped } from '../../domain/plain-text.ts';

/** Labels with texts beside them, the texts aligned; a long one continues below itself. */
export function fields(pairs: readonly (readonly [label: string, text: string])[], indent = ''): readonly string[] {
  const width = Math.max(...pairs.map(([label]) => label.length)) + 2;
  return pairs.flatMap(([label, text]) => hanging(`${indent}${label.padEnd(width)}`, text));
}

/** A text behind a label, its further lines indented by the label's width. */
export function hanging(label: string, text: string): readonly string[] {
  const [first = '', ...rest] = wrapped(text, ' '.repeat(label.length));
  return [`${label}${first.trimStart()}`, ...rest];
}

/** `1,204,331` */
export const showCount = (n: number): string => n.toLocaleString('en-US');

/** `2026-04-19 02:00:00 UTC` */
export const showInstant = (instant: Date): string => `${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
