import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseMemberLine, type TreeMember } from '../../lib/domain/backup/tree-contents.ts';
import { findGnuTar } from '../../lib/runtime/tree/gnu-tar.ts';
import { type StreamedTree, streamTree, type TreeStream } from '../../lib/runtime/tree/stream-tree.ts';

export const run = promisify(execFile);

export const systemTar = () => findGnuTar(process.env.PATH ?? '');

/** Files by their paths and contents, and folders by paths that end with a slash. */
export function plant(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    const place = join(folder, path);
    mkdirSync(path.endsWith('/') ? place : dirname(place), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(place, content);
  }
}

export interface Archived extends StreamedTree {
  readonly stored: Buffer;
  readonly list: readonly TreeMember[];
}

/** Archives a folder and keeps what came of it. */
export async function archive(folder: string, options: Partial<TreeStream> = {}): Promise<Archived> {
  const pieces: Buffer[] = [];
  let lines = '';
  const result = await streamTree({
    tar: await systemTar(),
    folder,
    roots: ['.'],
    exclude: [],
    compression: 'gzip:1',
    signal: new AbortController().signal,
    streamed: () => undefined,
    ...options,
    sink: async (piece) => {
      pieces.push(Buffer.from(piece));
      await options.sink?.(piece);
    },
    members: async (more) => {
      lines += more;
      await options.members?.(more);
    },
  });
  const list = lines.split('\n').slice(0, -1).map(parseMemberLine);
  return { ...result, stored: Buffer.concat(pieces), list };
}

/** Unpacks a stored archive with plain tar into a new folder. */
export async function restore(stored: Buffer, folder: string): Promise<string> {
  const file = `${folder}.tar.gz`;
  writeFileSync(file, stored);
  mkdirSync(folder);
  await run('tar', ['-xzpf', file, '-C', folder]);
  return folder;
}
