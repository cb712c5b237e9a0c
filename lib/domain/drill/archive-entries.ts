import type { TocEntry } from '../restore/archive-toc.ts';

/** What only a superuser may make, and what data do not need: it acts on sessions, or on other servers. */
const SUPERUSERS_OWN = new Set([
  'EVENT TRIGGER',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'SUBSCRIPTION',
  'SUBSCRIPTION TABLE',
  'PROCEDURAL LANGUAGE',
]);

/** What data may need, and only a superuser may make: a drill cannot restore it, and says so. */
const SUPERUSERS_ONLY = new Set([
  'ACCESS METHOD',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'SHELL TYPE',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'TRANSFORM',
  'PROCEDURAL LANGUAGE',
]);

/** Words about things that belong to the superuser, or are left out themselves: what they are of stands in their name. */
const WORDS = new Set(['COMMENT', 'SECURITY LABEL']);
const SAID_OF_THEM = /^(?:EXTENSION|EVENT TRIGGER|PUBLICATION|SUBSCRIPTION|LANGUAGE|PROCEDURAL LANGUAGE|FOREIGN DATA WRAPPER) /;

/** Made beforehand, by a statement of ours. */
const MADE_BEFORE = new Set(['EXTENSION', 'FOREIGN DATA WRAPPER']);

/** An archive's table of contents, parted for a restore without a superuser. */
export interface ArchiveEntries {
  /** Numbers of what the restore goes through, but for the schemas that exist by then. */
  restored(existingSchemas: readonly string[]): readonly number[];
  /** What is left out of it, as `EVENT TRIGGER - audit`. */
  readonly skipped: readonly string[];
  /** What may be the reason where a right is missing. */
  readonly superusersOnly: readonly string[];
}

export const archiveEntries = (entries: readonly TocEntry[]): ArchiveEntries => ({
  restored: (existingSchemas) =>
    entries
      .filter((entry) => !isSkipped(entry) && !MADE_BEFORE.has(entry.type))
      .filter(({ type, name }) => type !== 'SCHEMA' || !existingSchemas.includes(name))
      .map(({ id }) => id),
  skipped: entries.filter(isSkipped).map(shown),
  superusersOnly: entries.filter(({ type }) => SUPERUSERS_ONLY.has(type)).map(shown),
});

const isSkipped = ({ type, name }: TocEntry): boolean => SUPERUSERS_OWN.has(type) || (WORDS.has(type) && SAID_OF_THEM.test(name));

/** In the words of `pg_restore --list`. */
const shown = ({ type, schema, name }: TocEntry): string => `${type} ${schema === '' ? '-' : schema} ${name}`;
