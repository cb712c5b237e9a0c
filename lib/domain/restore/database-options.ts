import type { TocEntry } from './archive-toc.ts';

/** How a database stores and sorts its texts. */
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
type DatabaseOption = (typeof OPTIONS)[number];

/** Values by the names that CREATE DATABASE has for them. */
export type DatabaseOptions = Partial<Readonly<Record<DatabaseOption, string>>>;

const WRITTEN = /^CREATE DATABASE .* WITH TEMPLATE = template0 (.*)$/s;
const OPTION = new RegExp(`\\b(${OPTIONS.join('|')}) = ('(?:[^']|'')*'|[a-z]+)`, 'g');

/** What of a database's making an archive says, as far as it is known here: nothing else that it may hold is ever run. */
export function databaseOptions(entries: readonly TocEntry[]): DatabaseOptions {
  const written = WRITTEN.exec(entries.find(({ type }) => type === 'DATABASE')?.definition ?? '')?.[1] ?? '';
  return Object.fromEntries([...written.matchAll(OPTION)].map(([, option = '', value = '']) => [option, unquotedLiteral(value)]));
}

const unquotedLiteral = (text: string): string => (text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text);

/** As CREATE DATABASE takes them. */
export const writtenOptions = (options: DatabaseOptions): string =>
  Object.entries(options)
    .map(([option, value]) => `${option} = '${value.replaceAll("'", "''")}'`)
    .join(' ');
