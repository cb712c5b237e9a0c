import { parseTablePattern } from '../backup/table-pattern.ts';
import { Failure } from '../outcomes.ts';
import type { TocEntry } from './archive-toc.ts';
import { NOTHING_PRESENT, type PresentObjects } from './present-objects.ts';
import { RELATIONS, TableOfContents } from './table-of-contents.ts';

/** A table as the archive names it. */
export interface SelectedTable {
  readonly schema: string;
  readonly name: string;
}

export interface Selection {
  /**
   * Numbers of the entries, in the order in which they are restored. All that has data stands as in the archive, which cannot be
   * read off a stream in another order.
   */
  readonly ids: readonly number[];
  /** Tables and partitions whose rows are restored. */
  readonly tables: readonly SelectedTable[];
  /** What hangs on the tables but was left out, since what it leads to is not there. */
  readonly leftOut: readonly string[];
  /** Views over the tables, which cannot stay while those are replaced, and so are made anew as well. */
  readonly views: readonly string[];
}

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
  const views = present === NOTHING_PRESENT ? [] : toc.addViews(chosen, present);
  const leftOut = toc.joinNeighbours(chosen, present);
  toc.addPrerequisites(chosen, present);
  toc.addAttributes(chosen);
  const ids = entries.map(({ id }) => id).filter((id) => chosen.has(id));
  const last = toc.attachmentsToOthers(chosen);
  return {
    // a partition that is attached before it has its own keys and indexes is given some by its parent, and then has two
    ids: [...ids.filter((id) => !last.has(id)), ...last],
    tables: entries
      .filter(({ id, type }) => chosen.has(id) && type === 'TABLE DATA')
      .map(({ schema, name }) => ({ schema, name })),
    leftOut,
    views,
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
