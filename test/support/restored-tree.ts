import { limitOf } from '../../lib/domain/restore/archive-limit.ts';
import { type ExtractedTree, extractTree, type TreeExtraction } from '../../lib/runtime/tree/extract-tree.ts';
import type { Archived } from './tree-rig.ts';

/** A stored archive in pieces, as it comes from the vault. */
export async function* inPieces(stored: Buffer, size = 64 * 1024): AsyncIterable<Buffer> {
  for (let at = 0; at < stored.length; at += size) yield stored.subarray(at, at + size);
}

/** Unpacks what was archived, as it was sent. */
export const extracted = (
  { stored, contents }: Pick<Archived, 'stored' | 'contents'>,
  destination: string,
  options: Partial<TreeExtraction> = {},
): Promise<ExtractedTree> =>
  extractTree({
    source: inPieces(stored),
    method: 'gzip',
    destination,
    name: 'test',
    limit: limitOf(contents),
    sent: contents,
    signal: new AbortController().signal,
    ...options,
  });
