import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { GlobalsReceipt } from '../../lib/domain/backup/receipt.ts';
import { guardedFolder } from '../../lib/runtime/guarded-folder.ts';
import { checkGlobals } from '../../lib/runtime/verify/check-globals.ts';
import type { DatabaseDrill } from './drill-database.ts';

export interface GlobalsDrill extends Pick<DatabaseDrill, 'fetch' | 'scratch' | 'notes' | 'signal'> {
  readonly receipt: GlobalsReceipt;
}

/**
 * Reads the script of a server's roles to its end, and counts what it makes. It is not run: making roles takes a superuser, and as one
 * a script can do anything to the machine.
 */
export async function drillGlobals({ receipt, fetch, scratch, notes, signal }: GlobalsDrill): Promise<void> {
  const folder = guardedFolder(scratch);
  const script = join(folder.path, 'archive');
  try {
    await notes.during('fetch', () => fetch(script, signal));
    await notes.during('compare', async () => {
      const check = checkGlobals(receipt);
      for await (const piece of createReadStream(script)) await check.feed(piece as Buffer);
      await check.finish();
    });
    notes.warn(['the script of roles was read and counted, not run: that takes a superuser']);
  } finally {
    folder.remove();
  }
}
