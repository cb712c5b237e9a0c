import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../../lib/domain/outcomes.ts';
import { type DatedFolder, isFolderDate, isOldEnough } from '../../lib/domain/source/due-folders.ts';
import type { DatedFoldersGroup } from '../../lib/domain/source/source.ts';

export interface FolderQuestion {
  readonly group: DatedFoldersGroup;
  /** The folder in which the dated ones lie. */
  readonly folder: string;
  readonly archived: ReadonlySet<string>;
  readonly now: Date;
  readonly signal: AbortSignal;
}

const SEPARATOR = Buffer.from('/');

/** What a path answers that leads nowhere, or not to a folder. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/** The dated folders of a tree. Only those that could be archived now are looked into: years of archived ones cost one listing. */
export async function datedFolders({ group, folder, archived, now, signal }: FolderQuestion): Promise<readonly DatedFolder[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(({ code = 'unknown' }: NodeJS.ErrnoException) => {
    const reason = ABSENT.has(code) ? 'no-folder' : 'unreadable';
    throw new Failure(reason, `${group.folder} on volume ${group.volume} cannot be listed (${code})`);
  });
  const dates = entries.filter((entry) => entry.isDirectory() && isFolderDate(entry.name)).map(({ name }) => name);
  const found: DatedFolder[] = [];
  for (const date of dates.sort()) {
    const open = !archived.has(date) && isOldEnough(date, group, now);
    found.push(open ? { date, changedAt: await newestChange(join(folder, date), { now, signal }) } : { date });
  }
  return found;
}

/** The latest change of anything in a tree, names and rights included. */
async function newestChange(root: string, { now, signal }: Pick<FolderQuestion, 'now' | 'signal'>): Promise<Date> {
  let newest = 0;
  // names as the bytes they are: one that is not UTF-8 would be asked for by another, and seem to have vanished
  const pending = [Buffer.from(root)];
  try {
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      signal.throwIfAborted();
      const stats = await lstat(path);
      newest = Math.max(newest, stats.ctimeMs, stats.mtimeMs);
      if (!stats.isDirectory()) continue;
      for (const name of await readdir(path, { encoding: 'buffer' })) pending.push(Buffer.concat([path, SEPARATOR, name]));
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    // what vanished while it was looked at changed just now
    if (ABSENT.has(code)) return now;
    throw new Failure('unreadable', `something in ${basename(root)} cannot be read (${code})`);
  }
  return new Date(newest);
}
