import type { TocEntry } from './archive-toc.ts';
import { databaseOptions, writtenOptions } from './database-options.ts';
import { IDENTIFIER, quoted, statementsOf } from './statements-of.ts';

/** The statement that makes an empty database as the dumped one was, under another name. */
export const createDatabase = (entries: readonly TocEntry[], name: string): string =>
  `CREATE DATABASE ${quoted(name)} WITH TEMPLATE = template0 ${writtenOptions(databaseOptions(entries))}`;

/** Statements that belong to a database and not to what is in it: pg_restore leaves them out unless it makes the database itself. */
export interface DatabaseStatements {
  readonly statements: readonly string[];
  /** Those of a form that is not known here, which are left out. */
  readonly unknown: number;
}

const SETTING = new RegExp(`^(ALTER DATABASE )${IDENTIFIER}( (?:SET|RESET|CONNECTION LIMIT|IS_TEMPLATE) .*)$`, 's');
const ROLE_SETTING = new RegExp(`^(ALTER ROLE ${IDENTIFIER} IN DATABASE )${IDENTIFIER}( SET .*)$`, 's');
const COMMENT = new RegExp(`^(COMMENT ON DATABASE )${IDENTIFIER}( IS .*)$`, 's');
const LABEL = new RegExp(`^(SECURITY LABEL FOR .* ON DATABASE )${IDENTIFIER}( IS .*)$`, 's');
const GRANT = new RegExp(`^((?:GRANT|REVOKE) .* ON DATABASE )${IDENTIFIER}( (?:TO|FROM) .*)$`, 's');

/** Settings, comment and grants of the database, for one of another name. Without owners, those that speak of roles are left out. */
export function databaseStatements(entries: readonly TocEntry[], name: string, owners: boolean): DatabaseStatements {
  const forms = owners ? [SETTING, COMMENT, LABEL, ROLE_SETTING, GRANT] : [SETTING, COMMENT, LABEL];
  const written = entries
    .filter((entry) => concernsDatabase(entry, owners))
    .flatMap(({ definition }) => statementsOf(definition));
  const statements = written.flatMap((statement) => {
    const form = forms.find((candidate) => candidate.test(statement));
    return form ? [statement.replace(form, (_, before: string, after: string) => `${before}${quoted(name)}${after}`)] : [];
  });
  const left = owners ? written.length : written.filter((statement) => !ROLE_SETTING.test(statement)).length;
  return { statements, unknown: left - statements.length };
}

function concernsDatabase({ type, name }: TocEntry, owners: boolean): boolean {
  if (type === 'DATABASE PROPERTIES') return true;
  if (type === 'ACL') return owners && name.startsWith('DATABASE ');
  return (type === 'COMMENT' || type === 'SECURITY LABEL') && name.startsWith('DATABASE ');
}
