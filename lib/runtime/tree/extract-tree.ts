import { type PathList, showPaths } from '../../domain/backup/tree-changes.ts';
import { type ScannedTree, type TreeContents, treeDifference } from '../../domain/backup/tree-contents.ts';
import { Failure } from '../../domain/outcomes.ts';
import { plural } from '../../domain/plain-text.ts';
import type { ArchiveLimit } from '../../domain/restore/archive-limit.ts';
import type { OutsideLinks } from '../../domain/restore/outside-link.ts';
import { PathSelection } from '../../domain/restore/path-selection.ts';
import type { MemberJudge } from '../../domain/restore/unsafe-member.ts';
import { untilAborted } from '../until-aborted.ts';
import { JudgedReader } from './judged-reader.ts';
import { StagedFolder } from './staged-folder.ts';
import type { CompressionMethod } from './tree-compression.ts';
import { TreeDecoder } from './tree-decoder.ts';
import { TreeWriter, type WrittenTree } from './tree-writer.ts';

export interface TreeExtraction {
  /** The compressed stream. */
  readonly source: AsyncIterable<Buffer>;
  readonly method: CompressionMethod;
  /** A folder that is not there, or empty. */
  readonly destination: string;
  /** Names this restore, and no other one into the same place: letters, digits, `_` and `-`. */
  readonly name: string;
  /**
   * Whether a destination that holds something is replaced. What it held is kept beside it, as `<destination>.before-<name>`.
   *
   * @default false
   */
  readonly replace?: boolean;
  /**
   * What of the tree is restored.
   *
   * @default - all
   */
  readonly selection?: PathSelection;
  /** What the archive may hold at most. */
  readonly limit: ArchiveLimit;
  /**
   * What the archive must hold.
   *
   * @default - whatever it holds, within its limit
   */
  readonly sent?: ScannedTree | TreeContents;
  /** @default "refuse" */
  readonly outsideLinks?: OutsideLinks;
  readonly signal: AbortSignal;
  /** Called with the bytes of tar that were read so far. */
  readonly onBytes?: (tarBytes: number) => void;
}

export interface ExtractedTree extends WrittenTree {
  /** What the whole archive held, restored or not. */
  readonly contents: ScannedTree;
  readonly warnings: readonly string[];
  /** Where what was there before lies now. */
  readonly replaced?: string;
}

/**
 * Unpacks an archive into a new folder and puts that in place when all of it was read, and is what was sent. Owners are not
 * restored: everything belongs to whoever restores it. Where it throws, the destination is as it was:
 *
 * - `unsafe-archive`: a member that no backup of ours has (see unsafe-member.ts), or more than the limit;
 * - `damaged`: bytes that cannot be unpacked, or hold something else than was sent;
 * - `space` and `target`: the file system has no room, or refuses;
 * - `paths`: paths that the archive does not hold.
 */
export async function extractTree(extraction: TreeExtraction): Promise<ExtractedTree> {
  const { destination, name, replace = false, signal } = extraction;
  signal.throwIfAborted();
  const staged = await StagedFolder.open({ destination, name, replace });
  try {
    const extracted = await unpackInto(staged.path, extraction);
    signal.throwIfAborted();
    const replaced = await staged.keep();
    return { ...extracted, ...(replaced !== undefined && { replaced }) };
  } catch (error) {
    await staged.discard();
    throw asDamage(error);
  }
}

async function unpackInto(folder: string, extraction: TreeExtraction): Promise<ExtractedTree> {
  const { limit, sent, outsideLinks = 'refuse', selection = new PathSelection() } = extraction;
  const writer = new TreeWriter(folder, selection);
  const reader = new JudgedReader(limit, writer);
  try {
    await readAll(reader, writer, extraction);
    const contents = reader.finish();
    const difference = sent && treeDifference(contents, sent);
    if (difference) throw new Failure('damaged', difference);
    selection.finish();

    const outside = refuseOutside(reader.judge, selection, outsideLinks);
    await writer.finish((path) => outsideLinks === 'leaveOut' && reader.judge.leadsOutside(path));
    const { written } = writer;
    return { ...written, contents, warnings: warningsOf(written, outside, outsideLinks) };
  } finally {
    await writer.abandon();
  }
}

/** Reads and writes until all is there. Nothing is written any more when it throws, so that what was written can be removed. */
async function readAll(reader: JudgedReader, writer: TreeWriter, extraction: TreeExtraction): Promise<void> {
  const { source, method, signal, onBytes } = extraction;
  const take = async (piece: Buffer) => {
    signal.throwIfAborted();
    await reader.take(piece);
    await writer.flush();
    onBytes?.(reader.tarBytes);
  };
  let taking = Promise.resolve();
  const decoder = new TreeDecoder(method, (piece) => {
    taking = take(piece);
    return taking;
  });
  try {
    for await (const chunk of untilAborted(source, signal)) await decoder.write(chunk);
    await decoder.end();
  } finally {
    decoder.stop();
    await taking.catch(() => undefined);
  }
}

/** Throws where links that were asked for lead outside, and that is not wanted; returns those that do. */
export function refuseOutside(judge: MemberJudge, selection: PathSelection, policy: OutsideLinks): PathList {
  const outside = judge.outsideLinks((path) => selection.selects(path));
  if (outside.count === 0 || policy !== 'refuse') return outside;
  throw new Failure(
    'unsafe-archive',
    `${plural(outside.count, 'symbolic link')} leading outside of the tree: ${showPaths(outside)}. If they are meant, restore with such links left out, or kept`,
  );
}

function warningsOf({ skipped, strippedRights }: WrittenTree, outside: PathList, policy: OutsideLinks): readonly string[] {
  const line = ({ count }: PathList, unit: string, paths: PathList, what: string) =>
    count > 0 ? [`${plural(count, unit)} ${what}: ${showPaths(paths)}`] : [];
  return [
    ...line(skipped, 'pipe or device', skipped, 'left out'),
    ...line(strippedRights, 'member', strippedRights, 'restored without its set-user-ID, set-group-ID or sticky bit'),
    ...line(
      outside,
      'symbolic link',
      outside,
      policy === 'keep' ? 'leading outside of the tree' : 'left out: leading outside of the tree',
    ),
  ];
}

const asDamage = (error: unknown): unknown =>
  error instanceof Failure && error.reason === 'decode' ? new Failure('damaged', error.message, { cause: error }) : error;
