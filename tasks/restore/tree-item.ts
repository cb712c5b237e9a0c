import { join, resolve, sep } from 'node:path';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { TreeReceipt } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import type { RestorePhase } from '../../lib/domain/restore/restore-record.ts';
import { restoreTree } from '../../lib/runtime/tree/restore-tree.ts';
import { type Item, type ItemDependencies, notOfKind, type RestoredItem } from './item.ts';

/** A tree, into a folder of the target's volume. */
export async function restoreTreeItem(
  plan: RestorePlan,
  item: Item<'files' | 'config' | 'datedFolder'>,
  manifest: Manifest,
  deps: ItemDependencies,
): Promise<RestoredItem> {
  const { receipt } = manifest;
  if (receipt.kind === 'database' || receipt.kind === 'globals') throw notOfKind(item);
  const phases = new TreePhases(deps);
  const { paths, outsideLinks = 'leaveOut' } = item;
  const { vault, signal, observer, decrypt } = deps;
  const done = await restoreTree({
    vault,
    signal,
    manifest: { key: manifest.key, receipt: receipt satisfies TreeReceipt },
    destination: folderIn(deps.volumeFolder, item.folder),
    name: plan.name,
    replace: item.replace,
    outsideLinks,
    ...(paths && { paths }),
    ...(decrypt && { decrypt }),
    onBytes: (phase, bytes) => {
      phases.enter(phase);
      observer.moved?.(bytes, receipt.bytes);
    },
  });
  return {
    bytes: receipt.bytes,
    seconds: phases.seconds(),
    restored: {
      kind: 'tree',
      folder: item.folder,
      ...(done.replaced !== undefined && { before: done.replaced }),
      files: done.files,
      skipped: done.skipped.count,
    },
    warnings: [...done.warnings],
  };
}

/** How long each phase of a tree took: it is compared while it is restored. */
class TreePhases {
  readonly #deps: ItemDependencies;
  readonly #start: number;
  #restoring: number | undefined;

  constructor(deps: ItemDependencies) {
    this.#deps = deps;
    this.#start = deps.elapsed();
    deps.observer.phase?.('verify');
  }

  enter(phase: Extract<RestorePhase, 'verify' | 'restore'>): void {
    if (phase === 'verify' || this.#restoring !== undefined) return;
    this.#restoring = this.#deps.elapsed();
    this.#deps.observer.phase?.('restore');
  }

  seconds(): RestoredItem['seconds'] {
    const end = this.#deps.elapsed();
    const between = this.#restoring ?? end;
    return { verify: (between - this.#start) / 1000, restore: (end - between) / 1000, compare: 0 };
  }
}

function folderIn(volumeFolder: string | undefined, folder: string): string {
  if (volumeFolder === undefined) throw new Failure('target', 'the target has no volume');
  const path = resolve(join(volumeFolder, folder));
  if (path.startsWith(resolve(volumeFolder) + sep)) return path;
  throw new Failure('target', 'a tree is restored into a folder of the volume, never over the volume itself');
}
