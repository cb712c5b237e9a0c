import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessState {
  readonly name: string;
  /** `S`: it sleeps. `Z`: it has ended. */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks that it has worked. */
  readonly worked: number;
}

/** The child of a process that runs this program, and has not ended; undefined where there is none. */
export function findChild(pid: number, program: string): number | undefined {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((candidate) => {
      const process = stateOf(candidate);
      return process?.parent === pid && process.name === program && process.state !== 'Z';
    });
}

/** Whether a process is there and has not ended. */
export function isRunning(pid: number): boolean {
  const state = stateOf(pid)?.state;
  return state !== undefined && state !== 'Z';
}

/** Undefined where there is no such process. */
export function stateOf(pid: number): ProcessState | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // the name stands in brackets and may hold blanks and brackets itself
  const [open, close] = [stat.indexOf('('), stat.lastIndexOf(')')];
  const [state = '', parent, , , , , , , , , , user, system] = stat.slice(close + 2).split(' ');
  return { name: stat.slice(open + 1, close), state, parent: Number(parent), worked: Number(user) + Number(system) };
}
