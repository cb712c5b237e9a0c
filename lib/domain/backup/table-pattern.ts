/** What a pattern of tables matches, as regular expressions of PostgreSQL's. Without a schema: tables that are found by name alone. */
export interface TablePattern {
  readonly schema: string | undefined;
  readonly name: string;
}

/** Escaped inside of double quotes, where they are themselves. */
const SPECIAL = '|*+?()[]{}.^\\';

/**
 * Reads a pattern as psql and pg_dump do (`patternToSQLRegex` in their source), so that what they would leave out can be asked for
 * beforehand: `*` and `?` stand for other characters, a dot ends the schema, letters are lower case, and double quotes take all of
 * that away. Other characters of regular expressions keep their meaning. Undefined where there is more than one dot.
 */
export function parseTablePattern(pattern: string): TablePattern | undefined {
  const parts = [''];
  let quoted = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === '"') {
      if (quoted && pattern[at + 1] === '"') parts.push(`${parts.pop()}${pattern[at++]}`);
      else quoted = !quoted;
    } else if (character === '.' && !quoted) parts.push('');
    else parts.push(`${parts.pop()}${expressionOf(character, quoted, pattern[at + 1])}`);
  }
  if (parts.length > 2) return undefined;
  const [name = '', schema] = parts.reverse().map((part) => `^(${part})$`);
  return { schema, name };
}

function expressionOf(character: string, quoted: boolean, next: string | undefined): string {
  // a dollar may be part of a name
  if (character === '$') return '\\$';
  if (quoted) return SPECIAL.includes(character) ? `\\${character}` : character;
  if (character === '*') return '.*';
  if (character === '?') return '.';
  // more likely an array's type than an empty set
  if (character === '[' && next === ']') return '\\[';
  return /[A-Z]/.test(character) ? character.toLowerCase() : character;
}
