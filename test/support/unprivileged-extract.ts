import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScannedTree } from '../../lib/domain/backup/tree-contents.ts';
import { type ArchiveLimit, limitOf } from '../../lib/domain/restore/archive-limit.ts';
import { scratchFolder } from './scratch-folder.ts';
import type { Archived } from './tree-rig.ts';
import { unprivilegedRun } from './unprivileged-run.ts';

export interface ToExtract {
  readonly file: string;
  readonly destination: string;
  readonly contents: ScannedTree;
  readonly limit: ArchiveLimit;
}

export interface SaidOfExtraction {
  readonly reason?: string;
  readonly detail?: string;
  readonly files?: number;
  readonly warnings?: readonly string[];
}

/** Unpacks an archive in a process without root's rights; `mostKiB`: no file of it may become larger. */
export async function extractUnprivileged(
  { stored, contents }: Archived,
  destination: string,
  mostKiB?: number,
): Promise<SaidOfExtraction> {
  const file = join(scratchFolder(), 'stored');
  writeFileSync(file, stored);
  const what: ToExtract = { file, destination, contents, limit: limitOf(contents) };
  return (await unprivilegedRun('test/support/extract-program.ts', [JSON.stringify(what)], mostKiB)) as SaidOfExtraction;
}
