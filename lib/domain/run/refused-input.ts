import type { z } from 'zod';

const MAX_SHOWN = 80;

/** An execution input that nothing was started for. Its message lists each problem with what would be right. */
export class InputRefused extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The input of this execution was refused: ${problems.join('; ')}`);
    this.name = 'Nightproof.InputRefused';
    this.problems = problems;
  }
}

/**
 * Reads an input by a closed form. Throws `InputRefused` with every problem: which fields are unknown and which are allowed, and
 * what is wrong with the others. `at` says where inside the whole input it stands, as `backup`.
 */
export function readForm<T extends z.ZodObject>(form: T, input: object, at = ''): z.infer<T> {
  const parsed = form.safeParse(input);
  if (parsed.success) return parsed.data;
  const allowed = Object.keys(form.shape);
  throw new InputRefused(parsed.error.issues.map((issue) => `${at === '' ? '' : `${at}: `}${explain(issue, input, allowed)}`));
}

function explain(issue: z.core.$ZodIssue, input: object, allowed: readonly string[]): string {
  if (issue.code === 'unrecognized_keys')
    return `unknown ${issue.keys.map((key) => shown(key)).join(', ')}; allowed here: ${allowed.join(', ')}`;
  const where = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : String(step))).join('');
  const value = issue.path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], input);
  return `${where} ${shown(value)}: ${issue.message}`;
}

/** A value of somebody else's, short. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

/** Whether it is a JSON object at all: into anything else no state can put a field. */
export const isInputObject = (input: unknown): input is object =>
  typeof input === 'object' && input !== null && !Array.isArray(input);
