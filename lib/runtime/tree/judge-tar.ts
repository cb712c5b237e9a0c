import { showPaths, type TreeChanges } from '../../domain/backup/tree-changes.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { ChildExit } from '../child.ts';
import type { Watched } from './tree-watch.ts';

/** tar's last line, where it fails, only says that it does. */
const CLOSING_LINES = 1;

export interface TarEnd extends Watched {
  readonly exit: ChildExit;
  /** Lines on stderr. tar is told to keep quiet about changes, so each is an error. */
  readonly complaints: number;
  readonly roots: readonly string[];
}

/**
 * Decides whether an archive is good though tar, or the tree, did not do as it should. Returns tar's exit code where it is.
 *
 * tar says 1 where files changed while it read them. It says 2 where a name that it was given is gone, and as well where the
 * disk could not be read, which fills the file up with zeros. So 2 is good only where there are no more complaints than names
 * that are gone.
 */
export function judgeTar({ exit, complaints, changes, missing, roots }: TarEnd): 0 | 1 | 2 {
  if (missing.count > 0) throw new Failure('unreadable', `tar did not archive ${showPaths(missing)}`);
  const lost = lostRoot(changes, roots);
  if (lost !== undefined) throw new Failure('no-folder', `${lost} vanished while it was read`);

  const { code } = exit;
  if (code === 0 || code === 1) return code;
  const { count } = changes.vanished;
  if (code === 2 && count > 0 && complaints <= count + CLOSING_LINES) return code;
  throw new Failure('unreadable', `tar: exit code ${code} with ${complaints} lines of complaint`);
}

function lostRoot({ vanished }: TreeChanges, roots: readonly string[]): string | undefined {
  const lost = roots.filter((root) => vanished.paths.includes(root));
  return lost.length > 0 ? showPaths({ count: lost.length, paths: lost }) : undefined;
}
