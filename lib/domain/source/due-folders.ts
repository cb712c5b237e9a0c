import { showDuration } from '../time/duration.ts';
import type { GroupFindings } from './found.ts';
import { type DatedFolderSource, type DatedFoldersGroup, DateText } from './source.ts';

/** A folder named by a date. */
export interface DatedFolder {
  readonly date: string;
  /** When something in it changed last; undefined where it was not looked into. */
  readonly changedAt?: Date;
}

export interface FolderListing {
  readonly group: DatedFoldersGroup;
  readonly folders: readonly DatedFolder[];
  /** Dates that have an archive already. */
  readonly archived: ReadonlySet<string>;
  readonly now: Date;
}

export const isFolderDate = (name: string): boolean => DateText.safeParse(name).success;

/** Whether a folder is old enough to be looked into: its day is over, by as much as its source asks. */
export const isOldEnough = (date: string, { minAgeSeconds }: DatedFoldersGroup, now: Date): boolean =>
  now.getTime() - Date.parse(`${date}T00:00:00Z`) >= minAgeSeconds * 1000;

/** The folders to archive now, and those that wait and why. One that is archived already costs no more than its name in a listing. */
export function dueFolders({
  group,
  folders,
  archived,
  now,
}: FolderListing): Pick<GroupFindings, 'sources' | 'present' | 'notes'> {
  const open = folders.filter(({ date }) => !archived.has(date)).sort((a, b) => (a.date < b.date ? -1 : 1));
  const judged = open.map((folder) => ({ folder, why: whyWait(folder, group, now) }));
  return {
    sources: judged.filter(({ why }) => why === undefined).map(({ folder }) => sourceFor(folder.date, group)),
    present: folders.map(({ date }) => date).sort(),
    notes: judged.flatMap(({ folder, why }) => (why === undefined ? [] : [`${folder.date} waits for a later run: ${why}`])),
  };
}

function whyWait({ date, changedAt }: DatedFolder, group: DatedFoldersGroup, now: Date): string | undefined {
  if (!isOldEnough(date, group, now)) return `it is younger than ${showDuration(group.minAgeSeconds)}`;
  const quietSeconds = changedAt === undefined ? 0 : (now.getTime() - changedAt.getTime()) / 1000;
  if (quietSeconds >= group.settledSeconds) return undefined;
  const changed = changedAt === undefined ? 'it may still be changing' : `it changed at ${changedAt.toISOString()}`;
  return `${changed}, less than ${showDuration(group.settledSeconds)} ago`;
}

function sourceFor(date: string, group: DatedFoldersGroup): DatedFolderSource {
  const { kind: _, minAgeSeconds: __, settledSeconds: ___, id, ...settings } = group;
  return { ...settings, kind: 'datedFolder', id: `${id}_${date}`, date, foundBy: id };
}
