import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../domain/outcomes.ts';
import type { TocEntry } from '../../domain/restore/archive-toc.ts';
import { listOfEntries, restoreCommand } from '../postgres/dump-commands.ts';
import type { ServerAccess } from '../postgres/server-access.ts';
import { explainRestore } from './explain-restore.ts';
import type { PreparedRestore } from './preflight.ts';
import { RestoreEnded, runRestore } from './run-restore.ts';
import { plainLength } from './stored-archive.ts';

/** Restores the archive into a database, in one transaction. Returns what pg_restore warned of. */
export async function restoreInto(access: ServerAccess, prepared: PreparedRestore): Promise<readonly string[]> {
  const { maintenance, facts, deps } = prepared;
  try {
    const warnings = await withListFile(prepared.selection?.ids, (listFile) => restore(access, prepared, listFile));
    return warnings > 0 ? [`pg_restore warned ${warnings} times`] : [];
  } catch (error) {
    deps.signal.throwIfAborted();
    if (error instanceof RestoreEnded) throw await explainRestore(error, maintenance, facts, deps.signal);
    // every byte was right a moment ago: these did not come from the vault as they lie there
    if (error instanceof Failure && error.reason === 'damaged')
      throw new Failure('storage', `read again, the backup was another than just before: ${error.message}`, { cause: error });
    throw error;
  }
}

function restore(access: ServerAccess, prepared: PreparedRestore, listFile: string | undefined): Promise<number> {
  const { job, deps, client, archive, tablespaces, selection } = prepared;
  const totalBytes = plainLength(job.manifest);
  return access.withFiles((server, files) => {
    const { database } = access;
    const clean = job.mode === 'inPlace';
    const pgRestore = restoreCommand({
      client,
      server,
      database,
      files,
      clean,
      tablespaces,
      owners: job.owners,
      ...(listFile !== undefined && { listFile }),
    });
    return runRestore({
      pgRestore,
      clean,
      archive: archive.again(),
      read: archive,
      ...(selection && { ids: selection.ids }),
      signal: deps.signal,
      moved: (bytes, entry) => deps.observer.moved?.(bytes, totalBytes, entry && tableOf(entry)),
    });
  });
}

const tableOf = ({ schema, name }: TocEntry): string => (schema === '' ? 'large objects' : `${schema}.${name}`);

/** Writes the numbers of the entries into a file for the time of the work. */
async function withListFile<T>(
  ids: readonly number[] | undefined,
  work: (listFile: string | undefined) => Promise<T>,
): Promise<T> {
  if (!ids) return work(undefined);
  const folder = await mkdtemp(join(tmpdir(), 'nightproof-'));
  try {
    const listFile = join(folder, 'entries');
    await writeFile(listFile, listOfEntries(ids), { mode: 0o600 });
    return await work(listFile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
