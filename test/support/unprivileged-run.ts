import { constants, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { isReachable, unprivilegedUser } from '../../lib/runtime/postgres/unprivileged.ts';
import { scratchFolder } from './scratch-folder.ts';
import { run } from './tree-rig.ts';

/** Beyond the limit a write fails, where it would kill the process otherwise. */
const LIMITED = 'trap "" XFSZ; ulimit -f "$0"; exec "$@"';

/**
 * Runs a program of ours without root's rights, to whom every file is open, and reads the line of JSON that it prints. As ourselves
 * where we are not root. `mostKiB`: no file may become larger.
 */
export async function unprivilegedRun(entry: string, args: readonly string[], mostKiB?: number): Promise<unknown> {
  const place = scratchFolder();
  const program = join(place, 'program.mjs');
  buildSync({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile: program });
  const user = unprivilegedUser();
  const as = user && { uid: user.uid, gid: user.gid };
  const command = [reachableNode(place), program, ...args];
  // bash counts in KiB
  const limited = mostKiB === undefined ? command : ['bash', '-c', LIMITED, String(mostKiB), ...command];
  const [first = '', ...rest] = limited;
  const { stdout } = await run(first, rest, { ...as, cwd: place });
  return JSON.parse(String(stdout));
}

/** node itself may lie where only root can go. */
function reachableNode(place: string): string {
  if (isReachable(dirname(process.execPath))) return process.execPath;
  const copy = join(place, 'node');
  copyFileSync(process.execPath, copy, constants.COPYFILE_FICLONE);
  return copy;
}
