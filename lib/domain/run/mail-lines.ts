import type { FailureFacts } from '../outcomes.ts';
import { wrapped } from '../plain-text.ts';

/** A label and a text behind it, which goes on below itself. */
export function hanging(label: string, text: string): readonly string[] {
  const [first = '', ...rest] = wrapped(text, ' '.repeat(label.length));
  return [`${label}${first.trimStart()}`, ...rest];
}

/** Why something failed, and what to do about it. */
export const failureLines = ({ reason, detail, remedy }: FailureFacts): readonly string[] => [
  ...hanging('  Reason      ', `${reason}: ${detail}`),
  ...hanging('  What to do  ', remedy),
];

/** SNS refuses subjects of 100 characters and more, and messages of more than 256 KiB with everything that goes with them. */
export const MAX_SUBJECT_CHARACTERS = 99;
export const MAX_BODY_BYTES = 250_000;
