import { vi } from 'vitest';
import { findChild, stateOf } from './process-state.ts';

const LOOK_EVERY_MS = 10;
const GIVE_UP_MS = 60_000;

/** So many looks in a row without a tick of work make an idle process. */
const IDLE_LOOKS = 4;

/** The child of a process that runs this program. */
export function childOf(pid: number, program: string): number {
  const found = findChild(pid, program);
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
