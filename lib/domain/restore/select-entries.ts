import { parseTablePattern } from '../backup/table-pattern.ts';
import { Failure } from '../outcomes.ts';
import type { TocEntry } from './archive-toc.ts';
import { IDENTIFIER, unquoted } from './statements-of.ts';

/** A table as the archive names it. */
export interface SelectedTable {
  readonly schema: string;
  readonly name: string;
}

/** What the target has already, as far as the selection looks at it. */
export interface PresentObjects {
  has(kind: 'relation' | 'schema' | 'type' | 'function' | 'extension' | 'publication', schema: string, name: string): boolean;
}

/** A new database: nothing is there but what every database has. */
const NOTHING_PRESENT: PresentObjects = { has: (kind, _, name) => kind === 'schema' && name === 'public' };

export interface Selection {
  /** Numbers of the entries, in the order of the archive, in which alone they can be read off a stream. */
  readonly ids: readonly number[];
  /** Tables and partitions whose rows are restored. */
  readonly tables: readonly SelectedTable[];
  /** What hangs on the tables but was left out, since what it leads to is not there. */
  readonly leftOut: readonly string[];
}

const RELATIONS = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE']);

/** Entries that follow what they say something about. */
const ATTRIBUTES = new Set(['COMMENT', 'ACL', 'SECURITY LABEL', 'SEQUENCE SET', 'SEQUENCE OWNED BY', 'STATISTICS DATA']);

/** Entries whose name begins with that of their table. */
const OF_A_TABLE = new Set(['DEFAULT', 'CONSTRAINT', 'CHECK CONSTRAINT', 'TRIGGER', 'RULE', 'POLICY']);

/** Entries that have the name of their table. */
const NAMED_AS_TABLE = new Set(['TABLE DATA', 'MATERIALIZED VIEW DATA', 'ROW SECURITY']);

/** What must be there before a table that uses it. */
const PREREQUISITES = new Map<string, 'schema' | 'type' | 'function' | 'extension' | 'relation' | undefined>([
  ['SCHEMA', 'schema'],
  ['EXTENSION', 'extension'],
  ['TYPE', 'type'],
  ['SHELL TYPE', 'type'],
  ['DOMAIN', 'type'],
  ['FUNCTION', 'function'],
  ['PROCEDURE', 'function'],
  ['AGGREGATE', 'function'],
  ['TABLE', 'relation'],
  ['SEQUENCE', 'relation'],
  ['COLLATION', undefined],
  ['OPERATOR', undefined],
  ['OPERATOR CLASS', undefined],
  ['OPERATOR FAMILY', undefined],
  ['ACCESS METHOD', undefined],
  ['PROCEDURAL LANGUAGE', undefined],
  ['CAST', undefined],
  ['FOREIGN DATA WRAPPER', undefined],
  ['SERVER', undefined],
  ['TEXT SEARCH CONFIGURATION', undefined],
  ['TEXT SEARCH DICTIONARY', undefined],
]);

/**
 * The entries that make up the tables that are named, as `schema.table` or as patterns of pg_dump's: partitions, rows, sequences,
 * defaults, constraints, indexes, triggers, rules, policies, statistics, comments, grants, and the foreign keys in both directions
 * whose other end is there; and what must be there before, where it is not. Throws `tables` where a name finds nothing.
 *
 * pg_restore's own `--table` leaves out constraints and indexes, and `--table=schema.table` finds nothing and ends with 0.
 */
export function selectEntries(
  entries: readonly TocEntry[],
  patterns: readonly string[],
  present: PresentObjects = NOTHING_PRESENT,
): Selection {
  const toc = new TableOfContents(entries);
  const relations = toc.withPartitions(patterns.flatMap((pattern) => relationsNamed(entries, pattern)));
  const chosen = toc.withWhatHangsOn(relations);
  const leftOut = toc.joinNeighbours(chosen, present);
  toc.addPrerequisites(chosen, present);
  toc.addAttributes(chosen);
  return {
    ids: entries.filter(({ id }) => chosen.has(id)).map(({ id }) => id),
    tables: entries
      .filter(({ id, type }) => chosen.has(id) && type === 'TABLE DATA')
      .map(({ schema, name }) => ({ schema, name })),
    leftOut,
  };
}

function relationsNamed(entries: readonly TocEntry[], text: string): readonly TocEntry[] {
  const pattern = parseTablePattern(text);
  if (!pattern?.schema) throw new Failure('tables', `${text} is no name of the form schema.table`);
  const [schema, name] = [expression(text, pattern.schema), expression(text, pattern.name)];
  const found = entries.filter((entry) => RELATIONS.has(entry.type) && schema.test(entry.schema) && name.test(entry.name));
  if (found.length === 0) throw new Failure('tables', `the backup has no table ${text}`);
  return found;
}

function expression(text: string, pattern: string): RegExp {
  try {
    return new RegExp(pattern, 's');
  } catch (error) {
    throw new Failure('tables', `${text} is no pattern of tables`, { cause: error });
  }
}

const OWN_TABLE = new RegExp(`^ALTER (?:FOREIGN )?TABLE (?:ONLY )?(${IDENTIFIER})\\.(${IDENTIFIER})\\s`);

class TableOfContents {
  readonly #byId: ReadonlyMap<number, TocEntry>;
  readonly #entries: readonly TocEntry[];

  readonly #attachments: readonly TocEntry[];
  readonly #attached: ReadonlySet<number | undefined>;
  readonly #schemas: ReadonlyMap<string, TocEntry>;

  constructor(entries: readonly TocEntry[]) {
    this.#entries = entries;
    this.#byId = new Map(entries.map((entry) => [entry.id, entry]));
    this.#attachments = entries.filter(({ type }) => type === 'TABLE ATTACH');
    this.#attached = new Set(this.#attachments.map((attachment) => this.#endsOf(attachment).partition?.id));
    this.#schemas = new Map(entries.filter(({ type }) => type === 'SCHEMA').map((entry) => [entry.name, entry]));
  }

  withPartitions(named: readonly TocEntry[]): ReadonlySet<number> {
    const relations = new Set(named.map(({ id }) => id));
    for (let before = -1; before !== relations.size; ) {
      before = relations.size;
      for (const attachment of this.#attachments) {
        const { partition, parent } = this.#endsOf(attachment);
        if (parent && partition && relations.has(parent.id)) relations.add(partition.id);
      }
    }
    return relations;
  }

  withWhatHangsOn(relations: ReadonlySet<number>): Set<number> {
    const chosen = new Set(relations);
    // the sequences of serial and identity columns belong to their table
    for (const entry of this.#entries)
      if (entry.type === 'SEQUENCE' && entry.dependencies.some((id) => relations.has(id))) chosen.add(entry.id);
    for (const entry of this.#entries) {
      const table = this.#tableOf(entry);
      if (table && chosen.has(table.id)) chosen.add(entry.id);
    }
    return chosen;
  }

  /** Foreign keys, attachments and publications, which lead to what was not chosen: they come along where that is there. Names those that do not. */
  joinNeighbours(chosen: Set<number>, present: PresentObjects): readonly string[] {
    const there = (entry: TocEntry | undefined): boolean =>
      entry !== undefined && (chosen.has(entry.id) || present.has('relation', entry.schema, entry.name));
    const leftOut: string[] = [];
    for (const entry of this.#entries) {
      const ends = this.#neighboursOf(entry);
      if (!ends?.some((end) => end !== undefined && chosen.has(end.id))) continue;
      const published = entry.type !== 'PUBLICATION TABLE' || this.#publicationIsThere(entry, present);
      if (published && ends.every(there)) chosen.add(entry.id);
      else leftOut.push(`${entry.type.toLowerCase()} ${entry.schema}.${entry.name}`);
    }
    return leftOut;
  }

  #neighboursOf(entry: TocEntry): readonly (TocEntry | undefined)[] | undefined {
    switch (entry.type) {
      case 'FK CONSTRAINT':
        return this.#relationsBefore(entry);
      case 'TABLE ATTACH': {
        const { partition, parent } = this.#endsOf(entry);
        return [partition, parent];
      }
      case 'INDEX ATTACH':
        return entry.dependencies
          .map((id) => this.#byId.get(id))
          .filter((one) => one?.type === 'INDEX' || one?.type === 'CONSTRAINT');
      case 'PUBLICATION TABLE':
        return this.#relationsBefore(entry);
      default:
        return undefined;
    }
  }

  #publicationIsThere = ({ dependencies }: TocEntry, present: PresentObjects): boolean =>
    dependencies.some((id) => {
      const entry = this.#byId.get(id);
      return entry?.type === 'PUBLICATION' && present.has('publication', '', entry.name);
    });

  addPrerequisites(chosen: Set<number>, present: PresentObjects): void {
    const open = [...chosen];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      for (const needed of this.#prerequisitesOf(id)) {
        if (chosen.has(needed.id) || isPresent(needed, present)) continue;
        chosen.add(needed.id);
        open.push(needed.id);
      }
    }
  }

  #prerequisitesOf(id: number): readonly TocEntry[] {
    const entry = this.#byId.get(id);
    if (!entry) return [];
    const before = entry.dependencies.map((dependency) => this.#byId.get(dependency)).filter((one) => one !== undefined);
    // a partition stands for itself: it is attached to its parent afterwards
    const wanted = before.filter(({ type }) => PREREQUISITES.has(type) && !(type === 'TABLE' && this.#attached.has(id)));
    // the schema of a table is among its dependencies only in dumps by newer versions
    const schema = this.#schemas.get(entry.schema);
    return schema ? [...wanted, schema] : wanted;
  }

  addAttributes(chosen: Set<number>): void {
    for (let before = -1; before !== chosen.size; ) {
      before = chosen.size;
      for (const { id, type, dependencies } of this.#entries)
        if (ATTRIBUTES.has(type) && dependencies.some((dependency) => chosen.has(dependency))) chosen.add(id);
    }
  }

  /** The relation that an entry is a part of. Policies and triggers may depend on other tables as well, so dependencies alone do not tell. */
  #tableOf(entry: TocEntry): TocEntry | undefined {
    const { type, schema, name } = entry;
    if (NAMED_AS_TABLE.has(type)) return this.#relationsBefore(entry).find((one) => one.schema === schema && one.name === name);
    if (type === 'INDEX' || type === 'STATISTICS') return this.#relationsBefore(entry).find((one) => one.type !== 'SEQUENCE');
    if (!OF_A_TABLE.has(type)) return undefined;
    const [, ownSchema, ownName] = OWN_TABLE.exec(entry.definition) ?? [];
    const candidates = this.#relationsBefore(entry).filter((one) => one.schema === schema && name.startsWith(`${one.name} `));
    if (ownSchema && ownName)
      return candidates.find((one) => one.schema === unquoted(ownSchema) && one.name === unquoted(ownName));
    return candidates.toSorted((a, b) => b.name.length - a.name.length)[0];
  }

  #relationsBefore({ dependencies }: TocEntry): readonly TocEntry[] {
    return dependencies
      .map((id) => this.#byId.get(id))
      .filter((one) => one !== undefined && RELATIONS.has(one.type)) as TocEntry[];
  }

  #endsOf(attachment: TocEntry): { readonly partition?: TocEntry; readonly parent?: TocEntry } {
    const ends = this.#relationsBefore(attachment);
    const partition = ends.find(({ schema, name }) => schema === attachment.schema && name === attachment.name);
    const parent = ends.find((end) => end !== partition);
    return { ...(partition && { partition }), ...(parent && { parent }) };
  }
}

function isPresent({ type, schema, name }: TocEntry, present: PresentObjects): boolean {
  const kind = PREREQUISITES.get(type);
  // of the arguments of a function, enough is known by its name
  if (kind === 'function') return present.has(kind, schema, name.slice(0, name.indexOf('(')));
  return kind !== undefined && present.has(kind, schema, name);
}
