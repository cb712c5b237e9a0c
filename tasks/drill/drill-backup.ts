import { rm } from 'node:fs/promises';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { lookTwice } from '../../lib/runtime/verify/look-twice.ts';
import { drillDatabase } from './drill-database.ts';
import { drillGlobals } from './drill-globals.ts';
import type { DrillDependencies, DrillRequest } from './drill-job.ts';
import { neededBytes } from './drill-limits.ts';
import type { DrillNotes } from './drill-notes.ts';
import { drillTree } from './drill-tree.ts';
import { fetchArchive } from './fetch-archive.ts';
import { readPresigned } from './presigned.ts';

/** Restores one backup in the way of its kind. What cannot be restored here is refused before anything is fetched. */
export async function drillBackup(
  { receipt, database }: Manifest,
  request: DrillRequest,
  deps: DrillDependencies,
  notes: DrillNotes,
): Promise<void> {
  refuse(receipt, request);
  const fetch = (path: string, signal: AbortSignal): Promise<void> =>
    lookTwice(async () => {
      await rm(path, { force: true });
      await fetchArchive(
        (take, stop) => readPresigned('GET of the archive', request.archiveUrl, take, stop),
        path,
        receipt,
        signal,
      );
    });
  const { scratch, limits, stop: signal } = deps;
  switch (receipt.kind) {
    case 'database': {
      const [clients, servers] = await Promise.all([deps.clients(), deps.servers()]);
      return drillDatabase({
        receipt,
        database,
        fetch,
        clients,
        servers,
        scratch,
        limits,
        notes,
        signal,
        probes: request.probes,
      });
    }
    case 'globals':
      return drillGlobals({ receipt, fetch, scratch, notes, signal });
    case 'files':
    case 'config':
    case 'datedFolder':
      return drillTree({ receipt, fetch, scratch, notes, signal });
  }
}

function refuse(receipt: Receipt, { storageBytes }: DrillRequest): void {
  if (receipt.encryption)
    throw new Failure('identity', 'not restorable here: the backup is encrypted, and a drill is given no private key');
  const needed = neededBytes(receipt);
  if (needed > storageBytes)
    throw new Failure('space', `not restorable here: needs ${needed} bytes of disk; the task has ${storageBytes}`);
}
