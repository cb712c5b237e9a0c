import type { z } from 'zod';
import { allowedKeys } from './config-json-schema.ts';
import type { Path } from './config-yaml.ts';
import { nearest } from './nearest.ts';

/** A finding of the schema, in words for the person who wrote the file. */
export interface Finding {
  readonly path: Path;
  /** Where it is about a key and not a value: that key of the map at `path`. */
  readonly key?: string;
  readonly message: string;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of keys and values',
  record: 'a map of names and values',
  array: 'a list ("- ..." lines)',
};

const SECRET_KEY = /pass|pwd|token|credential|private/i;

/** Says what is wrong and what is allowed. A value is repeated only where it cannot be a secret. */
export function findingsOf(issue: z.core.$ZodIssue, file: unknown): readonly Finding[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const value = valueAt(file, path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, value));
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    const message = 'a name here must be lower-case letters, digits, "_" and "-", starting with a letter';
    return [{ path: path.slice(0, -1), key, message }];
  }

  const allowed = allowedBy(issue, value);
  if (value === undefined) return [{ path, message: allowed.startsWith('is ') ? allowed : `is missing; ${allowed}` }];
  return [{ path, message: allowed.startsWith('must') ? `${shown(path, value)}${allowed}` : allowed }];
}

function unknownKey(path: Path, key: string, value: unknown): Finding {
  const allowed = allowedKeys(path, value);
  if (SECRET_KEY.test(key) && path[0] === 'connections') {
    const message = 'no secret may stand in this file; write "secret" with the name of a Secrets Manager secret that holds it';
    return { path, key, message };
  }
  const meant = nearest(key, allowed);
  const message = `is no key${meant ? `; did you mean "${meant}"?` : '.'} Allowed here: ${allowed.join(', ')}`;
  return { path, key, message };
}

function allowedBy(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}${quoteHint(issue.expected, value)}`;
    case 'invalid_value':
      return oneOf(issue.values.map(String), value);
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options) ? oneOf(issue.options.map(String), value) : issue.message;
    case 'too_small':
      return atLeast(issue.origin, Number(issue.minimum));
    case 'too_big':
      return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_format':
      return issue.format === 'email' ? 'must be an e-mail address' : issue.message;
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function atLeast(origin: string, minimum: number): string {
  if (origin === 'array') return `must have at least ${minimum}`;
  return origin === 'string' ? 'must not be empty' : `must be at least ${minimum}`;
}

function oneOf(words: readonly string[], value: unknown): string {
  const meant = typeof value === 'string' ? nearest(value, words) : undefined;
  const list = words.length < 2 ? words.join('') : `one of ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return `must be ${list}${meant ? `; did you mean ${meant}?` : ''}`;
}

/** YAML reads 2026, true and null as what they look like. */
const quoteHint = (expected: string, value: unknown): string =>
  expected === 'string' && (typeof value === 'number' || typeof value === 'boolean') ? '; put it in quotes' : '';

/** The value, where it is short and of a kind that no secret has; what stands under connections is never shown. */
function shown(path: Path, value: unknown): string {
  if (path[0] === 'connections') return '';
  if (typeof value === 'number' || typeof value === 'boolean') return `${value} is not allowed; `;
  return typeof value === 'string' && /^[\w .:*/,+-]{1,40}$/.test(value) ? `"${value}" is not allowed; ` : '';
}

function valueAt(file: unknown, path: Path): unknown {
  let value = file;
  for (const step of path)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  return value;
}
