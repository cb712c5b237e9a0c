import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * What the guard of a folder does, as a program of its own: a process that is killed cannot clear up after itself. It reads on
 * its standard input which process (the leader of a group) runs in the folder, until that input closes; then it ends that group
 * and removes the folder. In the text of this file, since what is deployed is one bundled file.
 */
const GUARD = `
  const { rmSync } = require('node:fs');
  let pid = 0;
  const kill = (signal) => { try { if (pid > 0) process.kill(-pid, signal); } catch {} };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  require('node:readline').createInterface({ input: process.stdin })
    .on('line', (line) => { pid = Number(line); })
    .on('close', () => {
      kill('SIGQUIT');
      setTimeout(() => {
        kill('SIGKILL');
        rmSync(process.argv[1], { recursive: true, force: true, maxRetries: 5 });
      }, pid > 0 ? 300 : 0);
    });
`;

/** A temp folder for a process that works with untrusted data: both are gone when we are, however we end. */
export interface GuardedFolder {
  readonly path: string;
  /** Names the process that works in the folder, which leads a group of its own; undefined when it has ended. */
  runs(pid: number | undefined): void;
  remove(): void;
}

/** Everybody may pass through the folder, so that a process of another user can work in one below it; nobody may look around. */
export function guardedFolder(prefix: string): GuardedFolder {
  const path = mkdtempSync(prefix);
  chmodSync(path, 0o711);
  const guard = startGuard(path);
  return {
    path,
    runs: (pid) => void guard.write(`${pid ?? 0}\n`),
    remove() {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 });
      guard.end();
    },
  };
}

/** In a session of its own, so that what is sent to all of our group passes it by; it never keeps us from ending. */
function startGuard(path: string): Writable {
  const guard = spawn(process.execPath, ['--eval', GUARD, path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
    cwd: '/',
  });
  guard.unref();
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  (guard.stdin as typeof guard.stdin & { unref?: () => void }).unref?.();
  return guard.stdin;
}
