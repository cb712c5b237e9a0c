import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder, makeReadable } from './cache-folder.mjs';

/** What set-up knows of the machine it runs on. */
export interface Machine {
  /** Everything that is brought lies here. */
  readonly cache: string;
  /** Folders in which programs are looked for, in this order. */
  readonly searchPath: readonly string[];
  readonly isRoot: boolean;
  /** Hears one line for each step that takes time. */
  readonly report: (line: string) => void;
}

const DEBIAN_POSTGRES = '/usr/lib/postgresql';
const USUAL_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/go/bin'];

/**
 * This machine, as its environment describes it. `NIGHTPROOF_TOOL_PATH` (folders, as in PATH) is looked through
 * instead of PATH and the usual folders: it hides what the machine has, and so shows what a bare one would do.
 */
export function thisMachine(report: (line: string) => void, env: NodeJS.ProcessEnv = process.env): Machine {
  const isRoot = process.getuid?.() === 0;
  return { cache: makeReadable(cacheFolder(env)), searchPath: searchPathOf(env), isRoot, report };
}

function searchPathOf(env: NodeJS.ProcessEnv): string[] {
  const chosen = env.NIGHTPROOF_TOOL_PATH;
  const folders = chosen
    ? chosen.split(delimiter)
    : [...(env.PATH ?? '').split(delimiter), ...USUAL_FOLDERS, ...debianPostgres()];
  return [...new Set(folders)].filter((folder) => folder.startsWith('/') && !folder.endsWith('/node_modules/.bin'));
}

/** One folder a major, the newest first; they are not in PATH. */
function debianPostgres(): string[] {
  if (!existsSync(DEBIAN_POSTGRES)) return [];
  const majors = readdirSync(DEBIAN_POSTGRES).filter((name) => /^\d+$/.test(name));
  return majors.sort((a, b) => Number(b) - Number(a)).map((major) => join(DEBIAN_POSTGRES, major, 'bin'));
}
