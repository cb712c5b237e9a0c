import { constants, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { isReachable, unprivilegedUser } from '../../lib/runtime/postgres/unprivileged.ts';
import { scratchFolder } from './scratch-folder.ts';
import { run } from './tree-rig.ts';

export interface Said {
  readonly reason?: string;
  readonly detail?: string;
  readonly exitCode?: number;
  readonly warnings?: readonly string[];
  readonly list?: string;
}

/** Archives a folder in a process without root's rights, to whom every file is readable. As ourselves where we are not root. */
export async function archiveUnprivileged(folder: string, exclude: readonly string[] = []): Promise<Said> {
  const place = scratchFolder();
  const program = join(place, 'archive.mjs');
  buildSync({
    entryPoints: ['test/support/archive-program.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
  const user = unprivilegedUser();
  const as = user && { uid: user.uid, gid: user.gid };
  const { stdout } = await run(reachableNode(place), [program, folder, ...exclude], { ...as, cwd: place });
  return JSON.parse(stdout) as Said;
}

/** node itself may lie where only root can go. */
function reachableNode(place: string): string {
  if (isReachable(dirname(process.execPath))) return process.execPath;
  const copy = join(place, 'node');
  copyFileSync(process.execPath, copy, constants.COPYFILE_FICLONE);
  return copy;
}
