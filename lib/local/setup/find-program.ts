import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** All programs of that name in the folders, in their order. */
export function findPrograms(name: string, searchPath: readonly string[]): string[] {
  return searchPath.map((folder) => join(folder, name)).filter(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
