import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processGroup } from '../../lib/local/servers/process-group.ts';

/** How often the kernel is asked for the peak; it only grows, so no more than the last moments can be missed. */
const LOOK_EVERY_MS = 20;

export interface Measured {
  readonly seconds: number;
  /** Largest resident memory of the process itself (VmHWM), without its children. */
  readonly peakBytes: number;
}

/** Runs a program to its end and measures it. Throws where it does not end with 0. */
export async function measure(command: string, args: readonly string[], options: SpawnOptions): Promise<Measured> {
  const start = performance.now();
  const { process: child, closed } = processGroup.spawn(command, args, options);
  let peakBytes = 0;
  const look = setInterval(() => {
    peakBytes = peakOf(child) ?? peakBytes;
  }, LOOK_EVERY_MS);
  const { code, signal } = await closed;
  clearInterval(look);
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}`);
  return { seconds: (performance.now() - start) / 1000, peakBytes };
}

/** Undefined once it has ended, and where there is no /proc. */
function peakOf({ pid }: ChildProcess): number | undefined {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
