import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

const LOOK_EVERY_MS = 250;
/** A look at many files takes long; it may take a tenth of the time. */
const PAUSE_BY_LOOK = 9;
const BLOCK_BYTES = 512;

/** Looks again and again how much a folder takes up, and tells when it is more than it may be; the function that it returns ends that. */
export function watchDisk(folder: string, budgetBytes: number, tooLarge: (bytes: number) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    const start = performance.now();
    const bytes = await folderBytes(folder);
    if (ended) return;
    if (bytes > budgetBytes) return tooLarge(bytes);
    again(Math.max(LOOK_EVERY_MS, (performance.now() - start) * PAUSE_BY_LOOK));
  };
  const again = (ms: number): void => {
    timer = setTimeout(() => void look(), ms).unref();
  };
  again(LOOK_EVERY_MS);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** What the files below a folder take up on the disk. Files come and go while it looks. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await opendir(folder).catch(() => undefined);
  if (!entries) return 0;
  try {
    for await (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) bytes += await folderBytes(path);
      else bytes += ((await lstat(path).catch(() => undefined))?.blocks ?? 0) * BLOCK_BYTES;
    }
  } catch {
    // the folder went while it was read: a database was dropped
  }
  return bytes;
}
