import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { askProgram } from './program-answers.ts';

/** The programs of one installation that make and run a server, from one folder and of one version. */
export interface ServerPrograms {
  readonly major: number;
  /** As the program says it: `17.6`. */
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** The servers in these folders, which are those that may hold clients (`clientFolders`). */
export async function findServers(folders: readonly string[]): Promise<readonly ServerPrograms[]> {
  const found = await Promise.all(folders.map(serverIn));
  return found.filter((server) => server !== undefined);
}

async function serverIn(folder: string): Promise<ServerPrograms | undefined> {
  const [initdb, postgres] = [join(folder, 'initdb'), join(folder, 'postgres')];
  const version = await versionOf(postgres);
  if (version === undefined || version !== (await versionOf(initdb))) return undefined;
  return { major: Number.parseInt(version, 10), version, initdb, postgres };
}

async function versionOf(program: string): Promise<string | undefined> {
  const there = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!there) return undefined;
  const { output } = await askProgram(program, ['--version']);
  return /\(PostgreSQL\) (\d+\S*)/.exec(output)?.[1];
}
