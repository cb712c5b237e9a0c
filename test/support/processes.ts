import { readdirSync, readFileSync } from 'node:fs';
import { vi } from 'vitest';

interface ProcessState {
  readonly name: string;
  /** `S`: it sleeps. */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks that it has worked. */
  readonly worked: number;
}

const LOOK_EVERY_MS = 10;
const GIVE_UP_MS = 60_000;

/** So many looks in a row without a tick of work make an idle process. */
const IDLE_LOOKS = 4;

/** The child of a process that runs this program. */
export function childOf(pid: number, program: string): number {
  const found = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((candidate) => {
      const process = stateOf(candidate);
      return process?.parent === pid && process.name === program;
    });
  if (found === undefined) throw new Error(`process ${pid} has no child ${program}`);
  return found;
}

/** Waits until a process sleeps and does nothing: it has taken all it was given and waits for more. */
export async function idle(pid: number): Promise<void> {
  let looks = 0;
  let worked = -1;
  const look = (): void => {
    const now = stateOf(pid);
    if (!now) throw new Error(`process ${pid} has ended`);
    looks = now.state === 'S' && now.worked === worked ? looks + 1 : 0;
    worked = now.worked;
    if (looks < IDLE_LOOKS) throw new Error(`process ${pid} (${now.name}) is still at work`);
  };
  await vi.waitFor(look, { interval: LOOK_EVERY_MS, timeout: GIVE_UP_MS });
}

/** Undefined where there is no such process. */
function stateOf(pid: number): ProcessState | undefined {
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
