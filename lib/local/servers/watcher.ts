// Started by process-group.ts. It reads on its standard input what its parent owns; when that closes, because the parent
// ended in whatever way (also by SIGKILL, which nobody can catch), it ends those processes and removes those folders.
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { WatcherLine } from './watcher-line.ts';

const GRACE_MS = 3000;
const LOOK_AGAIN_MS = 20;

const processes = new Map<number, NodeJS.Signals>();
const folders = new Set<string>();

// Ctrl-C reaches a whole terminal session; this one has to outlive its parent.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text) as WatcherLine;
  if ('owns' in line) processes.set(line.owns, line.stopSignal);
  else if ('ended' in line) processes.delete(line.ended);
  else if ('folder' in line) folders.add(line.folder);
  else folders.delete(line.removed);
}
await endProcesses();
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });

async function endProcesses(): Promise<void> {
  for (const [pid, signal] of processes) signalGroup(pid, signal);
  const giveUp = performance.now() + GRACE_MS;
  while ([...processes.keys()].some(isRunning) && performance.now() < giveUp) await pause(LOOK_AGAIN_MS);
  for (const pid of processes.keys()) signalGroup(pid, 'SIGKILL');
}

/** One that has ended, but was not waited for by whoever inherited it, still has its number. */
function isRunning(pid: number): boolean {
  if (!signalGroup(pid, 0)) return false;
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** Each owned process leads a group of its own. False where nothing of it is left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
