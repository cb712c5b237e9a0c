import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { TreeReceipt } from '../../lib/domain/backup/receipt.ts';
import { limitOf } from '../../lib/domain/restore/archive-limit.ts';
import { guardedFolder } from '../../lib/runtime/guarded-folder.ts';
import { extractTree } from '../../lib/runtime/tree/extract-tree.ts';
import type { DatabaseDrill } from './drill-database.ts';

export interface TreeDrill extends Pick<DatabaseDrill, 'fetch' | 'scratch' | 'notes' | 'signal'> {
  readonly receipt: TreeReceipt;
}

/** Unpacks a tree into a folder that is thrown away. The archive is judged member by member, and all files are compared with the receipt. */
export async function drillTree({ receipt, fetch, scratch, notes, signal }: TreeDrill): Promise<void> {
  const { key, contents } = receipt;
  const folder = guardedFolder(scratch);
  const archive = join(folder.path, 'archive');
  try {
    await notes.during('fetch', () => fetch(archive, signal));
    const unpacked = await notes.during('restore', () =>
      extractTree({
        source: piecesOf(archive),
        method: key.endsWith('.zst') ? 'zstd' : 'gzip',
        destination: join(folder.path, 'tree'),
        name: 'drill',
        limit: limitOf(contents),
        sent: contents,
        // a link that leads out of the folder cannot be tried here; a restore asks what becomes of it
        outsideLinks: 'leaveOut',
        signal,
      }),
    );
    notes.warn(unpacked.warnings);
    notes.compared = { tables: 0, rows: 0, files: contents.files, bytes: contents.bytes };
  } finally {
    folder.remove();
  }
}

/** Opened when it is read: a stream that nobody comes to read fails with nobody to hear it once the folder is gone. */
async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path) as AsyncIterable<Buffer>;
}
