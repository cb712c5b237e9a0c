import { Failure } from '../../domain/outcomes.ts';
import { ArchiveBlocks } from '../../domain/restore/archive-blocks.ts';
import type { TocEntry } from '../../domain/restore/archive-toc.ts';
import { WithoutDrops } from '../../domain/restore/without-drops.ts';
import { BoundedWriter } from '../bounded-writer.ts';
import { type ChildCommand, type ChildExit, type PipedChild, showExit, startChild, succeeded } from '../child.ts';
import { whenAborted } from '../when-aborted.ts';
import { FailedEntry } from './failed-entry.ts';
import type { ReadArchive } from './read-archive.ts';

/** What may wait for pg_restore. */
const BACKLOG_BYTES = 1024 ** 2;

export interface RestoreRun {
  readonly pgRestore: ChildCommand;
  /** The same bytes once more; throws in place of its end where they are not the same. */
  readonly archive: AsyncGenerator<Buffer, void>;
  readonly read: ReadArchive;
  /** Whether what is there is dropped first. */
  readonly clean: boolean;
  /** The entries that are restored. @default all */
  readonly ids?: readonly number[];
  readonly signal: AbortSignal;
  /** Called with every piece: bytes of the archive so far, and the entry whose data it is. */
  readonly moved: (bytes: number, entry: TocEntry | undefined) => void;
}

/** pg_restore ended otherwise than by exit code 0. */
export class RestoreEnded extends Error {
  readonly exit: ChildExit;
  readonly entry: TocEntry | undefined;

  constructor(exit: ChildExit, entry: TocEntry | undefined) {
    super(`pg_restore: ${showExit(exit)}`);
    this.exit = exit;
    this.entry = entry;
  }
}

/**
 * Hands an archive to pg_restore, which restores it in one transaction. It waits for the last byte of the data that it needs, and
 * so cannot commit before it has that; it is given that byte only once every byte of the archive has been read and was right.
 * Returns how often pg_restore warned. Whatever happens, it is gone when this settles.
 */
export async function runRestore(run: RestoreRun): Promise<number> {
  const failed = new FailedEntry();
  const child = startChild(run.pgRestore, 'pipe', failed.push);
  child.stdout.resume();
  try {
    await Promise.race([handOver(child, run), child.exited, whenAborted(run.signal)]);
    const exit = await Promise.race([child.exited, whenAborted(run.signal)]);
    await child.stderrEnded;
    if (!succeeded(exit)) throw new RestoreEnded(exit, failed.in(run.read.toc));
    return failed.warnings;
  } finally {
    void run.archive.return();
    await child.stop();
  }
}

async function handOver({ stdin }: PipedChild, run: RestoreRun): Promise<void> {
  if (!stdin) throw new Error('pg_restore has no input');
  const input = new BoundedWriter(stdin, BACKLOG_BYTES);
  const progress = new Progress(run);
  const holdAt = lastNeededByte(run);
  const edited = run.clean ? new WithoutDrops(run.read.toc) : undefined;
  let held: Buffer | undefined;
  let at = 0;
  for await (const piece of run.archive) {
    const free = Math.max(0, Math.min(piece.length, holdAt - at));
    const given = piece.subarray(0, free);
    if (free > 0 && !(await taken(input.write(edited ? edited.of(given, at) : given)))) return;
    // a copy: the memory of a piece is used again
    if (free < piece.length) held ??= Buffer.from(piece.subarray(free, free + 1));
    at += piece.length;
    progress.push(piece);
  }
  if (!held) throw new Failure('damaged', `the archive ends at byte ${at}, before the end of its data`);
  if (await taken(input.write(held))) await taken(input.end());
}

/** A pipe that breaks says nothing that the exit of pg_restore does not say better. */
async function taken(written: Promise<void> | undefined): Promise<boolean> {
  try {
    await written;
    return true;
  } catch {
    return false;
  }
}

/** Without data, pg_restore still needs the whole front. */
function lastNeededByte({ read: { toc, blockEnds }, ids }: RestoreRun): number {
  const ends = ids ? ids.map((id) => blockEnds.get(id) ?? 0) : [...blockEnds.values()];
  return ends.reduce((last, end) => Math.max(last, end), toc.bytes) - 1;
}

class Progress {
  readonly #moved: RestoreRun['moved'];
  readonly #entries: ReadonlyMap<number, TocEntry>;
  readonly #blocks: ArchiveBlocks;
  readonly #front: number;
  #bytes = 0;

  constructor({ moved, read: { toc } }: RestoreRun) {
    this.#moved = moved;
    this.#entries = new Map(toc.entries.map((entry) => [entry.id, entry]));
    this.#blocks = new ArchiveBlocks(toc.bytes, toc.intBytes, () => undefined);
    this.#front = toc.bytes;
  }

  push(piece: Buffer): void {
    const front = Math.max(0, Math.min(piece.length, this.#front - this.#bytes));
    this.#blocks.push(piece.subarray(front));
    this.#bytes += piece.length;
    this.#moved(this.#bytes, this.#entries.get(this.#blocks.current ?? -1));
  }
}
