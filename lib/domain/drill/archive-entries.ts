/** Descriptions of what only a superuser may make, and what data do not need: it acts on sessions, or on other servers. */
const SUPERUSERS_OWN =
  /^(?:EVENT TRIGGER|PUBLICATION|PUBLICATION TABLES?(?: IN SCHEMA)?|SUBSCRIPTION|SUBSCRIPTION TABLE|PROCEDURAL LANGUAGE) /;

/** Descriptions of what data may need, and only a superuser may make: a drill cannot restore it, and says so. */
const SUPERUSERS_ONLY =
  /^(?:ACCESS METHOD|OPERATOR CLASS|OPERATOR FAMILY|SHELL TYPE|TEXT SEARCH PARSER|TEXT SEARCH TEMPLATE|TRANSFORM|PROCEDURAL LANGUAGE) /;

/** Words about things that belong to the superuser, or are left out themselves. */
const SAID_OF_THEM =
  /^(?:COMMENT|SECURITY LABEL) - (?:EXTENSION|EVENT TRIGGER|PUBLICATION|SUBSCRIPTION|LANGUAGE|PROCEDURAL LANGUAGE|FOREIGN DATA WRAPPER) /;

/** Made beforehand, by a statement of ours. */
const MADE_BEFORE = /^(?:EXTENSION|FOREIGN DATA WRAPPER) /;

/** What such statements are made from. */
const DATABASE = /^(?:DATABASE|EXTENSION|FOREIGN DATA WRAPPER) /;
const NAMES_ROLES = /^(?:POLICY|USER MAPPING) /;

/** `4; 2615 16385 SCHEMA - audit postgres`, as `pg_restore --list` prints an entry; the description comes first, so no name is taken for one. */
const ENTRY = /^(\d+); \d+ \d+ (.*)$/;

/** An archive's table of contents, parted for a restore without a superuser. Each is a list for `pg_restore --use-list`. */
export interface ArchiveEntries {
  /** What the restore goes through, but for the schemas that exist by then. */
  restored(existingSchemas: readonly string[]): string;
  /** What is left out of it, as `EVENT TRIGGER - audit`. */
  readonly skipped: readonly string[];
  /** What may be the reason where a right is missing. */
  readonly superusersOnly: readonly string[];
  /** The database itself and what is made in it beforehand. */
  readonly before: string;
  /** What names roles: no ownership, but the people that a policy speaks of. Empty where nothing does. */
  readonly namingRoles: string;
}

/** Reads the output of `pg_restore --list`. */
export function archiveEntries(list: string): ArchiveEntries {
  const entries = list.split('\n').flatMap((line) => {
    const [, , text] = ENTRY.exec(line) ?? [];
    return text === undefined ? [] : [{ line, text }];
  });
  const linesOf = (wanted: (text: string) => boolean): string =>
    entries.flatMap(({ line, text }) => (wanted(text) ? [`${line}\n`] : [])).join('');
  const isSkipped = (text: string): boolean => SUPERUSERS_OWN.test(text) || SAID_OF_THEM.test(text);
  return {
    restored(existingSchemas) {
      const existing = existingSchemas.map((schema) => `SCHEMA - ${schema.replace(/[\r\n]/g, ' ')} `);
      return linesOf((text) => !isSkipped(text) && !MADE_BEFORE.test(text) && !existing.some((start) => text.startsWith(start)));
    },
    skipped: entries.flatMap(({ text }) => (isSkipped(text) ? [withoutOwner(text)] : [])),
    superusersOnly: entries.flatMap(({ text }) => (SUPERUSERS_ONLY.test(text) ? [withoutOwner(text)] : [])),
    before: linesOf((text) => DATABASE.test(text)),
    namingRoles: linesOf((text) => NAMES_ROLES.test(text)),
  };
}

/** The owner stands last; names may have blanks, his too, so this is for people only. */
const withoutOwner = (text: string): string => text.replace(/ \S*$/, '');
