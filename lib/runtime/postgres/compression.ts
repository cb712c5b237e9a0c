import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSource } from '../../domain/source/source.ts';
import type { PostgresClient } from './clients.ts';
import { askProgram } from './program-answers.ts';

type Compression = DatabaseSource['compression'];

/** A compression that a client can do, as pg_dump's option and as the receipt tell it. */
export interface ChosenCompression {
  readonly name: Exclude<Compression, 'auto'>;
  readonly option: string;
  /** Set where it is not the one that was asked for. */
  readonly warning?: string;
}

/**
 * zstd:1 packs as well as gzip:6 at eight times the speed, so it is taken wherever both programs have it. A client that lacks
 * what was asked for falls back to gzip: a backup that is packed otherwise is worth more than none.
 */
export async function chooseCompression(wanted: Compression, client: PostgresClient): Promise<ChosenCompression> {
  if (wanted !== 'auto' && !wanted.startsWith('zstd')) return chosen(wanted);
  if (await hasZstd(client)) return chosen(wanted === 'auto' ? 'zstd:1' : wanted);
  if (wanted === 'auto') return chosen('gzip:1');
  return {
    ...chosen('gzip:1'),
    warning: `client ${client.version} was built without zstd; compressed with gzip:1 instead of ${wanted}`,
  };
}

/** A bare level means gzip to every version; only 16 and newer know methods by name. */
function chosen(name: Exclude<Compression, 'auto'>): ChosenCompression {
  if (name === 'none') return { name, option: '--compress=0' };
  return { name, option: `--compress=${name.replace('gzip:', '')}` };
}

/** Asks the programs themselves: builds of 16 to 18 without zstd exist, so the version says nothing. */
async function hasZstd({ pgDump, pgRestore }: PostgresClient): Promise<boolean> {
  const [writes, reads] = await Promise.all([dumpAccepts(pgDump, 'zstd:1'), restoreAccepts(pgRestore, ZSTD)]);
  return writes && reads;
}

/** pg_dump opens its output file after it has accepted the compression and before it connects, here to a server that is not there. */
async function dumpAccepts(pgDump: string, compression: string): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'nightproof-'));
  try {
    const nowhere = `--dbname=host='${folder}' port='1'`;
    await askProgram(pgDump, ['--format=custom', `--compress=${compression}`, `--file=${join(folder, 'probe')}`, nowhere]);
    return (await readdir(folder)).includes('probe');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** pg_restore complains of an archive, even an empty one, whose compression it cannot undo. */
async function restoreAccepts(pgRestore: string, method: number): Promise<boolean> {
  const { code, complained } = await askProgram(pgRestore, ['--data-only', '--file=-'], emptyArchive(method));
  return code === 0 && !complained;
}

/** Numbers of the archive format, 1.15, which PostgreSQL 16 brought with zstd and which every later version reads. */
const ZSTD = 3;
const ARCHIVE = { major: 1, minor: 15, revision: 0, intBytes: 4, offsetBytes: 8, customFormat: 1 } as const;

/** A custom-format archive without entries: header, date of creation, three names that are empty, and a count of zero. */
function emptyArchive(compression: number): Buffer {
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(1 + ARCHIVE.intBytes);
    bytes.writeInt32LE(value, 1);
    return bytes;
  };
  const dayOfMonth = 1;
  const date = [0, 0, 0, dayOfMonth, 0, 100, 0].map(int);
  const emptyName = int(0);
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([...Object.values(ARCHIVE), compression]),
    ...date,
    emptyName,
    emptyName,
    emptyName,
    int(0),
  ]);
}
