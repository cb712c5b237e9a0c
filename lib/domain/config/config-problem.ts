import type { z } from 'zod';
import { isAgeIdentity } from './age-recipient.ts';
import { allowedKeys, alternativesWith, descriptionOf, mapsWith } from './config-json-schema.ts';
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
  array: 'a list: "- ..." lines, or [one, another]',
};

const SECRET_KEY = /pass|pwd|token|credential|private/i;

const SECRET_IN_CONNECTION =
  'no secret may stand in this file; write "secret" with the name of a Secrets Manager secret that holds it';

const SECRET_ELSEWHERE =
  'no secret may stand in this file; put it into Secrets Manager, and its name under connections as "secret"';

const IDENTITY =
  'this is a secret key, and whoever has read this file can decrypt with it: take it out, make a new pair with age-keygen, and write its public key ("age1...") here';

/** Says what is wrong and what is allowed. A value is repeated only where it cannot be a secret. */
export function findingsOf(issue: z.core.$ZodIssue, file: unknown): readonly Finding[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, file));
  if (issue.code === 'invalid_key')
    return [{ path: path.slice(0, -1), key: String(path.at(-1)), message: `a name here ${issue.issues[0]?.message ?? ''}` }];

  const value = valueAt(file, path);
  if (typeof value === 'string' && isAgeIdentity(value)) return [{ path, message: IDENTITY }];
  const allowed = allowedBy(issue, path, file);
  if (value === undefined || value === null) {
    const lacks = `${value === undefined ? 'is missing' : 'has no value'}${described(path, file)}`;
    return [{ path, message: allowed.startsWith('is ') ? allowed : `${lacks}; ${allowed}` }];
  }
  return [{ path, message: allowed.startsWith('must') ? `${shown(path, value)}${allowed}` : allowed }];
}

function unknownKey(path: Path, key: string, file: unknown): Finding {
  // as a key it would be shown in the path
  if (isAgeIdentity(key)) return { path, message: IDENTITY };
  const value = valueAt(file, [...path, key]);
  if (typeof value === 'string' && isAgeIdentity(value)) return { path, key, message: IDENTITY };
  if (SECRET_KEY.test(key)) return { path, key, message: path[0] === 'connections' ? SECRET_IN_CONNECTION : SECRET_ELSEWHERE };

  const allowed = allowedKeys(path, file);
  return { path, key, message: `is no key${hintOn(key, allowed, path, file)} Allowed here: ${allowed.join(', ')}` };
}

/** What was probably meant by a key that is not allowed at its place. */
function hintOn(key: string, allowed: readonly string[], path: Path, file: unknown): string {
  const elsewhere = alternativesWith(key, path, file);
  if (elsewhere) return ` of this ${elsewhere.field}; it belongs to ${elsewhere.field} ${orList(elsewhere.values)}.`;
  const meant = nearest(key, allowed);
  if (meant) return `; did you mean "${meant}"?`;
  const homes = path.length === 0 ? mapsWith(key) : [];
  return homes.length > 0 ? ` of the file as a whole; it belongs under ${orList(homes)}: check the indentation.` : '.';
}

function allowedBy(issue: z.core.$ZodIssue, path: Path, file: unknown): string {
  const value = valueAt(file, path);
  switch (issue.code) {
    case 'invalid_type':
      // a type that has words of its own says more than the name of the type
      return isOwnMessage(issue) ? issue.message : typed(issue.expected, path, file);
    case 'invalid_value':
      return oneOf(issue.values.map(String), value);
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options) ? alternatives(issue.options, value) : issue.message;
    case 'too_small':
      return atLeast(issue.origin, Number(issue.minimum));
    case 'too_big':
      return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_format':
      return issue.format === 'email' ? 'must be an e-mail address, as ops@example.org' : issue.message;
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

/** The schema's own words, and not those of its library. */
const isOwnMessage = ({ message }: z.core.$ZodIssue): boolean => !message.startsWith('Invalid input');

function typed(expected: string, path: Path, file: unknown): string {
  const value = valueAt(file, path);
  const keys = expected === 'object' && path.length > 0 ? allowedKeys(path, file) : [];
  if (keys.length > 0) return `must be a map; its keys are ${keys.join(', ')}`;
  return `must be ${TYPES[expected] ?? expected}${typeHint(expected, value)}`;
}

function atLeast(origin: string, minimum: number): string {
  if (origin === 'array') return `must have at least ${minimum === 1 ? 'one entry' : `${minimum} entries`}`;
  return origin === 'string' ? 'must not be empty' : `must be at least ${minimum}`;
}

/** The first alternative of a union may be the one that needs no word. */
const alternatives = (options: readonly unknown[], value: unknown): string =>
  oneOf(
    options.filter((option) => typeof option === 'string'),
    value,
  );

function oneOf(words: readonly string[], value: unknown): string {
  const meant = typeof value === 'string' ? nearest(value, words) : undefined;
  return `must be ${words.length < 2 ? '' : 'one of '}${orList(words)}${meant ? `; did you mean ${meant}?` : ''}`;
}

const orList = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const YES = /^(y|yes|on|true)$/i;
const NO = /^(n|no|off|false)$/i;

/** YAML reads 2026, true and null as what they look like, but yes and no as text. */
function typeHint(expected: string, value: unknown): string {
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return '; put it in quotes';
  if (typeof value !== 'string') return '';
  if (expected === 'boolean' && YES.test(value)) return '; write true, without quotes';
  if (expected === 'boolean' && NO.test(value)) return '; write false, without quotes';
  if ((expected === 'number' || expected === 'int') && /^\d+$/.test(value)) return '; take the quotes away';
  return '';
}

/** What a place is for, in the first sentence of what the schema says of it. */
function described(path: Path, file: unknown): string {
  const [description] = descriptionOf(path, file)?.split('. ') ?? [];
  if (description === undefined) return '';
  return ` (${/^[A-Z][a-z]/.test(description) ? description.charAt(0).toLowerCase() + description.slice(1) : description})`;
}

/** The value, where it is short and of a kind that no secret has; what stands where secrets may be is never shown. */
function shown(path: Path, value: unknown): string {
  if (path[0] === 'connections' || path[0] === 'encryption') return '';
  if (typeof value === 'number' || typeof value === 'boolean') return `${value} is not allowed; `;
  return typeof value === 'string' && /^[\w .:*/,+-]{1,40}$/.test(value) ? `"${value}" is not allowed; ` : '';
}

function valueAt(file: unknown, path: Path): unknown {
  let value = file;
  for (const step of path)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  return value;
}
