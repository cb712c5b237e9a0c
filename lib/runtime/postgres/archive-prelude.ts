import { text } from 'node:stream/consumers';
import type { ArchiveEntries } from '../../domain/drill/archive-entries.ts';
import { Failure } from '../../domain/outcomes.ts';
import { PLAIN_LOCALE, showExit, startChild, succeeded } from '../child.ts';
import { whenAborted } from '../when-aborted.ts';
import { StatementReader } from './statement-reader.ts';

const IDENTIFIER = '("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';
const EXTENSION = new RegExp(`^CREATE EXTENSION IF NOT EXISTS ${IDENTIFIER} WITH SCHEMA ${IDENTIFIER}$`);
const WRAPPER = new RegExp(`^CREATE FOREIGN DATA WRAPPER ${IDENTIFIER}(?: |$)`);
const POLICY = new RegExp(
  `^CREATE POLICY ${IDENTIFIER} ON ${IDENTIFIER}\\.${IDENTIFIER}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO (${IDENTIFIER}(?:, ${IDENTIFIER})*)`,
);
const USER_MAPPING = new RegExp(`^CREATE USER MAPPING FOR ${IDENTIFIER} SERVER `);
const DATABASE = /^CREATE DATABASE .* WITH TEMPLATE = template0 (.*)$/s;
const DATABASE_OPTION = /([A-Z_]+) = ('(?:[^']|'')*'|[a-z]+)/g;

/** How text is stored and sorted in a database, as CREATE DATABASE takes it. */
const LOCALE_OPTIONS = [
  'ENCODING',
  'LOCALE_PROVIDER',
  'LOCALE',
  'LC_COLLATE',
  'LC_CTYPE',
  'ICU_LOCALE',
  'ICU_RULES',
  'BUILTIN_LOCALE',
];

export interface ArchivedExtension {
  readonly name: string;
  readonly schema: string;
}

/** What has to be there before an archive is restored by a role that may not make it. Names and values, unquoted: no statement of the archive is ever run. */
export interface ArchivePrelude {
  /** By the name of the option. */
  readonly locale: Readonly<Record<string, string>>;
  readonly extensions: readonly ArchivedExtension[];
  readonly wrappers: readonly string[];
  readonly roles: readonly string[];
}

/** Has `pg_restore` write what an archive says of these entries, and reads the names out of it. */
export async function readPrelude(
  script: (list: string, withDatabase: boolean) => Promise<readonly string[]>,
  entries: ArchiveEntries,
): Promise<ArchivePrelude> {
  const before = await script(entries.before, true);
  const naming = entries.namingRoles === '' ? [] : await script(entries.namingRoles, false);
  return {
    locale: localeOf(before),
    extensions: before.flatMap((statement) => {
      const [, name, schema] = EXTENSION.exec(statement) ?? [];
      return name && schema ? [{ name: unquoted(name), schema: unquoted(schema) }] : [];
    }),
    wrappers: before.flatMap((statement) => namesIn(WRAPPER.exec(statement)?.[1])),
    roles: [
      ...new Set(naming.flatMap((it) => [...namesIn(POLICY.exec(it)?.[4]), ...namesIn(USER_MAPPING.exec(it)?.[1])])),
    ].filter((role) => role !== 'public'),
  };
}

/** The statements that pg_restore writes for the entries of a list. */
export async function statementsOf(
  { pgRestore, archive, listFile }: { readonly pgRestore: string; readonly archive: string; readonly listFile: string },
  withDatabase: boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const args = [...(withDatabase ? ['--create'] : []), `--use-list=${listFile}`, '--file=-', archive];
  const child = startChild({ program: pgRestore, args, env: PLAIN_LOCALE });
  try {
    const [script, exit] = await Promise.race([Promise.all([text(child.stdout), child.exited]), whenAborted(signal)]);
    if (!succeeded(exit)) throw new Failure('restore', `pg_restore cannot read the archive (${showExit(exit)})`);
    return cut(Buffer.from(script));
  } finally {
    await child.stop();
  }
}

function cut(script: Buffer): readonly string[] {
  const reader = new StatementReader();
  const statements: string[] = [];
  for (let at = 0; at < script.length; ) {
    const { next, statement } = reader.read(script, at);
    if (statement) statements.push(statement.toString());
    at = next;
  }
  return statements;
}

function localeOf(statements: readonly string[]): Readonly<Record<string, string>> {
  const options = statements.map((statement) => DATABASE.exec(statement)?.[1]).find((found) => found !== undefined) ?? '';
  const found = [...options.matchAll(DATABASE_OPTION)].map(
    ([, name = '', value = '']) => [name, unquotedLiteral(value)] as const,
  );
  return Object.fromEntries(found.filter(([name]) => LOCALE_OPTIONS.includes(name)));
}

const namesIn = (list: string | undefined): readonly string[] =>
  [...(list ?? '').matchAll(new RegExp(IDENTIFIER, 'g'))].map(([name]) => unquoted(name));

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
const unquotedLiteral = (value: string): string => (value.startsWith("'") ? value.slice(1, -1).replaceAll("''", "'") : value);
