import { constants } from 'node:fs';
import { access, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../domain/outcomes.ts';
import { askProgram } from './program-answers.ts';

/** Where Debian, Ubuntu and their container images put the programs of each major version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';

/** The client programs of one major version, from one folder. */
export interface PostgresClient {
  readonly major: number;
  /** As the program says it: `17.6`. */
  readonly version: string;
  readonly pgDump: string;
  readonly pgRestore: string;
}

/** Folders that may hold client programs: those of a PATH, then Debian's. */
export async function clientFolders(path: string): Promise<readonly string[]> {
  const majors = await readdir(DEBIAN_FOLDER).catch(() => []);
  const onPath = path.split(':').filter((folder) => folder.startsWith('/'));
  return [...new Set([...onPath, ...majors.map((major) => join(DEBIAN_FOLDER, major, 'bin'))])];
}

/** The clients in these folders: both programs there, of one version. */
export async function findClients(folders: readonly string[]): Promise<readonly PostgresClient[]> {
  const found = await Promise.all(folders.map(clientIn));
  return found.filter((client) => client !== undefined);
}

/**
 * The client of the server's own major version: an older one refuses the server, and a newer one writes archives that the
 * tools at hand for that server may not read.
 */
export function clientFor(clients: readonly PostgresClient[], serverMajor: number): PostgresClient {
  const client = clients.find(({ major }) => major === serverMajor);
  if (client) return client;
  const present = clients.map(({ version }) => version).join(', ') || 'none';
  throw new Failure('version', `the server is PostgreSQL ${serverMajor}; clients here: ${present}`);
}

/** The pg_dumpall that came with a client. */
export async function pgDumpallOf({ pgDump, version }: PostgresClient): Promise<string> {
  const program = join(dirname(pgDump), 'pg_dumpall');
  if ((await isBinary(program)) && (await versionOf(program)) === version) return program;
  throw new Failure('version', `there is no pg_dumpall ${version} beside pg_dump`);
}

async function clientIn(folder: string): Promise<PostgresClient | undefined> {
  const [pgDump, pgRestore] = [join(folder, 'pg_dump'), join(folder, 'pg_restore')];
  if (!(await isBinary(pgDump)) || !(await isBinary(pgRestore))) return undefined;
  const [version, restoreVersion] = await Promise.all([versionOf(pgDump), versionOf(pgRestore)]);
  if (!version || version !== restoreVersion) return undefined;
  return { major: Number.parseInt(version, 10), version, pgDump, pgRestore };
}

/** Debian's /usr/bin/pg_dump is a script that picks a version by itself; only the programs behind it are wanted. */
async function isBinary(program: string): Promise<boolean> {
  try {
    await access(program, constants.X_OK);
    const file = await open(program);
    try {
      const start = await file.read(Buffer.alloc(2), 0, 2, 0);
      return start.buffer.toString('latin1') !== '#!';
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

async function versionOf(program: string): Promise<string | undefined> {
  const { output } = await askProgram(program, ['--version']);
  return /\(PostgreSQL\) (\d+\S*)/.exec(output)?.[1];
}
