import { constants, type Dirent } from 'node:fs';
import { access, lstat, readdir } from 'node:fs/promises';
import type { Excludes } from '../../domain/backup/exclude-patterns.ts';
import { pathText, showPath } from '../../domain/backup/path-text.ts';
import { WHOLE_FOLDER } from '../../domain/backup/tree-roots.ts';
import { Failure } from '../../domain/outcomes.ts';
import { secondsOf } from './file-times.ts';

/** Files of a folder that are looked at at a time: enough to hide the latency of a network file system. */
const AT_A_TIME = 64;

export type WalkedType = 'file' | 'directory' | 'symlink' | 'socket' | 'other';

/** Something that the walk came upon. */
export interface WalkedEntry {
  /** Relative to the folder that is walked. */
  readonly path: Buffer;
  readonly type: WalkedType;
  /** Of a folder: when it was last changed, before its names were read. */
  readonly ctime?: string;
  /** Why it cannot be read, as the system's error code. */
  readonly trouble?: string;
}

/** Codes that mean that a file, or a folder above it, is not there any more. */
const GONE: readonly string[] = ['ENOENT', 'ENOTDIR', 'ESTALE'];
export const isGone = (code: string | undefined): boolean => code !== undefined && GONE.includes(code);

/** The code of a system error. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error';

const SLASH = Buffer.from('/');
const joined = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, SLASH, name]);

/** Where a path of the tree lies. */
export const placeOf = (folder: string, path: Buffer): Buffer => joined(Buffer.from(folder), path);

/**
 * Goes through the roots below a folder: each folder before what it holds, names in the order of their bytes. Of every file it is
 * asked whether it may be read. Symbolic links are not followed; a root that is one, or that is not there, is an error.
 *
 * Memory grows with the largest single folder, not with the tree.
 */
export async function* walkTree(folder: string, roots: readonly string[], excludes: Excludes): AsyncGenerator<WalkedEntry> {
  const base = Buffer.from(folder);
  for (const root of roots) {
    const path = Buffer.from(root);
    const entry = await rootEntry(joined(base, path), path);
    yield* entry.type === 'directory' ? walkFolder(base, path, excludes) : [entry];
  }
}

async function rootEntry(place: Buffer, path: Buffer): Promise<WalkedEntry> {
  const shown = showPath(pathText(place));
  try {
    const type = typeOf(await lstat(place));
    if (type === 'symlink') throw new Failure('no-folder', `"${shown}" is a symbolic link`);
    return await checked(place, { path, type });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(isGone(codeOf(error)) ? 'no-folder' : 'unreadable', `"${shown}" (${codeOf(error)})`);
  }
}

async function* walkFolder(base: Buffer, path: Buffer, excludes: Excludes): AsyncGenerator<WalkedEntry> {
  const { entry, names } = await readFolder(joined(base, path), path);
  yield entry;
  const inside = names.map((name) => ({ name, path: childPath(path, name.name) }));
  const kept = inside.filter((child) => !excludes(pathText(child.path), child.name.isDirectory()));
  for (let from = 0; from < kept.length; from += AT_A_TIME) {
    const some = kept.slice(from, from + AT_A_TIME).map((child) => ({ path: child.path, type: typeOf(child.name) }));
    for (const child of await Promise.all(some.map((child) => checked(joined(base, child.path), child)))) {
      if (child.type === 'directory') yield* walkFolder(base, child.path, excludes);
      else yield child;
    }
  }
}

async function readFolder(place: Buffer, path: Buffer): Promise<{ entry: WalkedEntry; names: Dirent<Buffer>[] }> {
  try {
    // before the names are read: whatever is added later makes it another time
    const { ctimeNs } = await lstat(place, { bigint: true });
    const names = await readdir(place, { encoding: 'buffer', withFileTypes: true });
    return { entry: { path, type: 'directory', ctime: secondsOf(ctimeNs) }, names: names.sort(byName) };
  } catch (error) {
    return { entry: { path, type: 'directory', trouble: codeOf(error) }, names: [] };
  }
}

const byName = (a: Dirent<Buffer>, b: Dirent<Buffer>): number => Buffer.compare(a.name, b.name);

const childPath = (folder: Buffer, name: Buffer): Buffer => (String(folder) === WHOLE_FOLDER ? name : joined(folder, name));

/** Only a file's content is read; of anything else tar needs the name alone, and a folder says itself whether it can be read. */
async function checked(place: Buffer, entry: WalkedEntry): Promise<WalkedEntry> {
  if (entry.type !== 'file') return entry;
  try {
    await access(place, constants.R_OK);
    return entry;
  } catch (error) {
    return { ...entry, trouble: codeOf(error) };
  }
}

interface TypedFile {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isSocket(): boolean;
}

function typeOf(file: TypedFile): WalkedType {
  if (file.isFile()) return 'file';
  if (file.isDirectory()) return 'directory';
  if (file.isSymbolicLink()) return 'symlink';
  return file.isSocket() ? 'socket' : 'other';
}
