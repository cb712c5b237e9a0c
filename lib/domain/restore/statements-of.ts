/** A name as SQL has it, quoted or not. */
export const IDENTIFIER = '(?:"(?:[^"]|"")*"|[^\\s",.;()]+)';

/** Reads a name as SQL has it. */
export const unquoted = (identifier: string): string =>
  identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;

/** A name as SQL takes it, whatever it is. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as SQL takes it, with standard_conforming_strings on or off. */
const PIECE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|[^;'"-]+|-|;/g;

/**
 * The statements of an entry that has neither function bodies nor dollar quotes: grants, policies, settings. pg_dump doubles
 * backslashes where the server would read them as escapes, so quotes alone say where a literal ends.
 */
export function statementsOf(definition: string): readonly string[] {
  const statements: string[] = [];
  let statement = '';
  for (const [piece] of definition.matchAll(PIECE)) {
    if (piece !== ';') {
      if (!piece.startsWith('--')) statement += piece;
      continue;
    }
    statements.push(statement.trim());
    statement = '';
  }
  return statement.trim() === '' ? statements : [...statements, statement.trim()];
}
