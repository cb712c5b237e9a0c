import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type OwnedProcess, processGroup } from '../servers/process-group.ts';

export interface Program {
  /** `node` stands for this Node: the images have the same major. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All of it: nothing of our own environment goes along. */
  readonly environment: Readonly<Record<string, string>>;
  /** Hears both output streams; written to at the end, so that several may share it. */
  readonly logFile: string;
  readonly nodeOptions?: readonly string[];
}

/** Starts the program of a function or container as a process, which ends with this one. */
export function startProgram({ argv, cwd, environment, logFile, nodeOptions = [] }: Program): OwnedProcess {
  const [command, ...args] = argv;
  if (command === undefined) throw new Error(`nothing says which program to start in ${cwd}`);
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a', 0o600);
  try {
    const options = { cwd, env: { ...environment }, stdio: ['ignore', log, log] as ['ignore', number, number] };
    return command === 'node'
      ? processGroup.spawn(process.execPath, [...nodeOptions, ...args], options)
      : processGroup.spawn(command, args, options);
  } finally {
    closeSync(log);
  }
}

/** SIGKILL for a process and all it started: a container ends as a whole. */
export function killTree({ process: { pid } }: OwnedProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing of it is left
  }
}
