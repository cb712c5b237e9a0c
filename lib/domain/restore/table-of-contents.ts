import type { TocEntry } from './archive-toc.ts';
import { canBeNeeded, isPresent } from './prerequisites.ts';
import type { PresentObjects } from './present-objects.ts';
import { IDENTIFIER, unquoted } from './statements-of.ts';

/** What a name can mean, as tables are looked for. */
export const RELATIONS = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE']);

/** Entries that follow what they say something about. */
const ATTRIBUTES = new Set(['COMMENT', 'ACL', 'SECURITY LABEL', 'SEQUENCE SET', 'SEQUENCE OWNED BY', 'STATISTICS DATA']);

/** Entries whose name begins with that of their table. */
const OF_A_TABLE = new Set(['DEFAULT', 'CONSTRAINT', 'CHECK CONSTRAINT', 'TRIGGER', 'RULE', 'POLICY']);

/** Entries that have the name of their table. */
const NAMED_AS_TABLE = new Set(['TABLE DATA', 'MATERIALIZED VIEW DATA', 'ROW SECURITY']);

const OWN_TABLE = new RegExp(`^ALTER (?:FOREIGN )?TABLE (?:ONLY )?(${IDENTIFIER})\\.(${IDENTIFIER})\\s`);

const ATTACHED_INDEXES = new RegExp(
  `^ALTER INDEX ${IDENTIFIER}\\.(${IDENTIFIER}) ATTACH PARTITION ${IDENTIFIER}\\.(${IDENTIFIER});`,
);

const VIEWS = new Set(['VIEW', 'MATERIALIZED VIEW']);

/** What somebody may miss where it is left out; indexes are attached with their table, and policies of others stay with them. */
const TOLD = new Set(['FK CONSTRAINT', 'TABLE ATTACH', 'PUBLICATION TABLE']);

const isThere = (entry: TocEntry | undefined, chosen: ReadonlySet<number>, present: PresentObjects): boolean =>
  entry !== undefined && (chosen.has(entry.id) || present.has('relation', entry.schema, entry.name));

/** An archive's table of contents, as tables and what belongs to them. */
export class TableOfContents {
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

  /** Views over what was chosen, which are dropped with it, and all that hangs on them. Names them. */
  addViews(chosen: Set<number>, present: PresentObjects): readonly string[] {
    const added: string[] = [];
    for (let before = -1; before !== added.length; ) {
      before = added.length;
      for (const entry of this.#entries) {
        if (!VIEWS.has(entry.type) || chosen.has(entry.id)) continue;
        const ends = this.#relationsBefore(entry);
        if (!ends.some(({ id }) => chosen.has(id)) || !ends.every((end) => isThere(end, chosen, present))) continue;
        for (const id of this.withWhatHangsOn(new Set([entry.id]))) chosen.add(id);
        added.push(`${entry.schema}.${entry.name}`);
      }
    }
    return added;
  }

  /** Those of partitions whose parent was not chosen. */
  attachmentsToOthers(chosen: ReadonlySet<number>): ReadonlySet<number> {
    const others = this.#attachments.filter((attachment) => {
      const { parent } = this.#endsOf(attachment);
      return chosen.has(attachment.id) && parent !== undefined && !chosen.has(parent.id);
    });
    return new Set(others.map(({ id }) => id));
  }

  /**
   * What leads from a chosen table to another one or back (foreign keys, attachments, publications, policies that look at another
   * table): it comes along where the other end is there. Names what does not.
   */
  joinNeighbours(chosen: Set<number>, present: PresentObjects): readonly string[] {
    const leftOut: string[] = [];
    for (const entry of this.#entries) {
      const ends = chosen.has(entry.id) ? undefined : this.#neighboursOf(entry);
      if (!ends?.some((end) => end !== undefined && chosen.has(end.id))) continue;
      const published = entry.type !== 'PUBLICATION TABLE' || this.#publicationIsThere(entry, present);
      if (published && ends.every((end) => isThere(end, chosen, present))) chosen.add(entry.id);
      else if (TOLD.has(entry.type)) leftOut.push(`${entry.type.toLowerCase()} ${entry.schema}.${entry.name}`);
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
        return this.#indexesOf(entry);
      case 'PUBLICATION TABLE':
      case 'POLICY':
      case 'RULE':
      case 'TRIGGER':
        return this.#relationsBefore(entry);
      default:
        return undefined;
    }
  }

  /** Both indexes that an attachment brings together, those of constraints among them; its dependencies name all ancestors too. */
  #indexesOf({ definition, dependencies }: TocEntry): readonly TocEntry[] {
    const names = ATTACHED_INDEXES.exec(definition)?.slice(1).map(unquoted) ?? [];
    const candidates = [...new Set(dependencies)].map((id) => this.#byId.get(id)).filter((one) => one !== undefined);
    return candidates.filter(
      ({ type, name }) =>
        (type === 'INDEX' && names.includes(name)) || (type === 'CONSTRAINT' && names.some((end) => name.endsWith(` ${end}`))),
    );
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
    const wanted = before.filter((needed) => canBeNeeded(needed) && !(needed.type === 'TABLE' && this.#attached.has(id)));
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
