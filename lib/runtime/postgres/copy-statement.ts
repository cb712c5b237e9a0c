/** A table as a COPY statement names it. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

const IDENTIFIER = '("(?:[^"]|"")*"|[^\\s".(]+)';

/** As pg_dump writes it: always with the schema, and with no parentheses where no column is copied. */
const COPY = new RegExp(`^COPY ${IDENTIFIER}\\.${IDENTIFIER} (?:\\(.*\\))? ?FROM stdin$`, 's');

/** Says whether a statement that starts so is followed by data. */
export const opensCopyData = (start: string): boolean => start.startsWith('COPY ');

/** The table that a COPY statement fills; undefined where the statement is of another form than pg_dump's. */
export function parseCopyStatement(statement: Buffer, encoding: 'utf8' | 'latin1'): TableName | undefined {
  const [, schema, name] = COPY.exec(statement.toString('latin1')) ?? [];
  return schema && name ? { schema: unquote(schema, encoding), name: unquote(name, encoding) } : undefined;
}

function unquote(identifier: string, encoding: 'utf8' | 'latin1'): string {
  const bare = identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
  return Buffer.from(bare, 'latin1').toString(encoding);
}
