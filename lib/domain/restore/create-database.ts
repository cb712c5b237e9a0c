import type { TocEntry } from './archive-toc.ts';
import { IDENTIFIER, quoted, statementsOf } from './statements-of.ts';

/** What of a database's making comes along: how its texts are stored and sorted. */
const OPTIONS = [
  'ENCODING',
  'LOCALE_PROVIDER',
  'LOCALE',
  'LC_COLLATE',
  'LC_CTYPE',
  'ICU_LOCALE',
  'ICU_RULES',
  'BUILTIN_LOCALE',
] as const;

const OPTION = new RegExp(`\\b(${OPTIONS.join('|')}) = ('(?:[^']|'')*'|[a-z]+)`, 'g');

/**
 * The statement that makes an empty database as the dumped one was, under another name. It is put together from the options that
 * are known, so that nothing else that an archive may hold is run.
 */
export function createDatabase(entries: readonly TocEntry[], name: string): string {
  const entry = entries.find(({ type }) => type === 'DATABASE');
  const options = [...(entry?.definition.matchAll(OPTION) ?? [])].map(([option]) => option);
  return [`CREATE DATABASE ${quoted(name)} WITH TEMPLATE = template0`, ...options].join(' ');
}

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
