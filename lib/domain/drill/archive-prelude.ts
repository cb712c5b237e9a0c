import type { TocEntry } from '../restore/archive-toc.ts';
import { type DatabaseOptions, databaseOptions } from '../restore/database-options.ts';
import { neededRoles } from '../restore/needed-roles.ts';
import { IDENTIFIER, unquoted } from '../restore/statements-of.ts';

export interface ArchivedExtension {
  readonly name: string;
  readonly schema: string;
}

/** What has to be there before an archive is restored by a role that may not make it. Names and values, unquoted: no statement of the archive is ever run. */
export interface ArchivePrelude {
  readonly options: DatabaseOptions;
  readonly extensions: readonly ArchivedExtension[];
  readonly wrappers: readonly string[];
  /** Whom policies and user mappings speak of: no option of pg_restore leaves those out. */
  readonly roles: readonly string[];
}

const EXTENSION_SCHEMA = new RegExp(`^CREATE EXTENSION IF NOT EXISTS ${IDENTIFIER} WITH SCHEMA (${IDENTIFIER});`);

export const archivePrelude = (entries: readonly TocEntry[]): ArchivePrelude => ({
  options: databaseOptions(entries),
  extensions: entries.flatMap(({ type, name, definition }) => {
    const schema = type === 'EXTENSION' ? EXTENSION_SCHEMA.exec(definition)?.[1] : undefined;
    return schema === undefined ? [] : [{ name, schema: unquoted(schema) }];
  }),
  wrappers: entries.filter(({ type }) => type === 'FOREIGN DATA WRAPPER').map(({ name }) => name),
  roles: neededRoles(entries, false).all,
});
