import { join } from 'node:path';
import type { TreeReceipt } from '../../lib/domain/backup/receipt.ts';
import { showPaths, stoodStill, type TreeChanges } from '../../lib/domain/backup/tree-changes.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { ConfigSource, DatedFolderSource, FilesSource } from '../../lib/domain/source/source.ts';
import type { ArtifactSink } from '../../lib/runtime/artifact-sink.ts';
import type { GnuTar } from '../../lib/runtime/tree/gnu-tar.ts';
import { type StreamedTree, streamTree } from '../../lib/runtime/tree/stream-tree.ts';
import { MemberList } from './member-list.ts';
import type { Bench, KindFacts, Prepared, Produced, Producer } from './producer.ts';

type TreeSource = FilesSource | ConfigSource | DatedFolderSource;

/**
 * Files and folders of a volume by tar. Paths in the archive are relative to the source's folder, so that it can be unpacked
 * anywhere (`tar -C DIR -xzf`); those of a dated folder begin with its date.
 */
export const prepareTree: Producer<TreeSource> = async (source, bench): Promise<Prepared> => {
  const { deps } = bench;
  if (deps.volumeFolder === undefined) throw new Failure('internal', `${source.id} needs a volume, and this task has none`);
  const tar = await deps.tar();
  deps.observer.preflightPassed?.({ volume: source.volume, folder: source.folder });
  const archiving: Archiving = { source, tar, folder: join(deps.volumeFolder, source.folder) };
  return { expectedBytes: 0, produce: (sink) => archiveInto(sink, archiving, bench) };
};

interface Archiving {
  readonly source: TreeSource;
  readonly tar: GnuTar;
  readonly folder: string;
}

async function archiveInto(sink: ArtifactSink, archiving: Archiving, bench: Bench): Promise<Produced> {
  const { source, tar, folder } = archiving;
  const { deps, signal, streamed } = bench;
  deps.observer.streaming?.({ version: tar.version, compression: source.compression });
  const list = await MemberList.open(source.recipients);
  try {
    const tree = await streamTree({
      tar,
      folder,
      roots: source.kind === 'datedFolder' ? [source.date] : source.roots,
      exclude: source.exclude,
      compression: source.compression,
      sink: (piece) => sink.write(piece),
      members: (lines) => list.write(lines),
      signal,
      streamed: (bytes, pid) => streamed(bytes, { ...(pid !== undefined && { tar: pid }) }),
    });
    if (source.kind === 'datedFolder') refuseChanges(source, tree.changes);
    const facts = async () => factsOf(archiving, tree, await list.store(bench));
    return { warnings: tree.warnings, facts, release: () => list.release() };
  } catch (error) {
    await list.release();
    throw error;
  }
}

/** An archive of a dated folder is written once and kept for ever, so that it has to be whole. */
function refuseChanges({ date }: DatedFolderSource, changes: TreeChanges): void {
  if (stoodStill(changes)) return;
  const { changed, vanished, folders } = changes;
  const told = Object.entries({ 'files changed': changed, 'names vanished': vanished, 'folders changed': folders })
    .filter(([, { count }]) => count > 0)
    .map(([what, paths]) => `${what}: ${showPaths(paths)}`);
  throw new Failure('changing', `while ${date} was read, ${told.join('; ')}`);
}

function factsOf({ source, tar }: Archiving, { contents, exitCode }: StreamedTree, key: string): KindFacts {
  const { members, ...scanned } = contents;
  const facts: Pick<TreeReceipt, 'client' | 'exitCodes' | 'contents'> = {
    client: { version: `GNU tar ${tar.version}`, compression: source.compression },
    exitCodes: { tar: exitCode },
    contents: { ...scanned, members: { ...members, key } },
  };
  return { kind: source.kind, ...facts };
}
