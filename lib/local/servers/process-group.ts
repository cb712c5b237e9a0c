import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WatcherLine } from './watcher-line.ts';

const WATCHER = fileURLToPath(new URL('./watcher.ts', import.meta.url));

const GRACE_MS = 10_000;

export interface Ending {
  /** 127 where it could not be started at all. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface OwnedProcess {
  readonly process: ChildProcess;
  /** When it has ended and its streams are closed. */
  readonly closed: Promise<Ending>;
  readonly hasEnded: () => boolean;
  /** Ends it in its own way (`stopSignal`), or by SIGKILL when that takes too long. */
  readonly stop: () => Promise<void>;
}

export interface OwnedFolder {
  readonly path: string;
  readonly remove: () => void;
}

export interface OwnedSpawnOptions extends SpawnOptions {
  /** How it is asked to end. @default SIGTERM */
  readonly stopSignal?: NodeJS.Signals;
  /** How it is asked when its owner is gone and nobody waits for it. @default stopSignal */
  readonly abandonSignal?: NodeJS.Signals;
  /** How long it may take to end by itself before it is killed. @default 10 seconds */
  readonly graceMs?: number;
}

/**
 * Child processes and temp folders that end with this process, however it ends: a watcher process holds the other end of
 * a pipe and cleans up when that closes. Each child leads a process group of its own, so that Ctrl-C reaches only us and
 * servers are stopped in order.
 */
class ProcessGroup {
  readonly #processes = new Set<OwnedProcess>();
  readonly #folders = new Set<OwnedFolder>();
  #watcher: Writable | undefined;

  spawn(command: string, args: readonly string[], options: OwnedSpawnOptions = {}): OwnedProcess {
    const { stopSignal = 'SIGTERM', abandonSignal = stopSignal, graceMs = GRACE_MS, ...rest } = options;
    this.#watcher ??= startWatcher();
    const child = spawn(command, [...args], { ...rest, detached: true });
    const { pid } = child;
    if (pid !== undefined) this.#tell({ owns: pid, stopSignal: abandonSignal });
    const closed = endingOf(child);
    const hasEnded = (): boolean => pid === undefined || child.exitCode !== null || child.signalCode !== null;
    const stop = async (): Promise<void> => {
      if (!hasEnded()) child.kill(stopSignal);
      await Promise.race([closed, pause(graceMs, undefined, { ref: false })]);
      if (pid !== undefined) killGroup(pid);
      await closed;
    };
    const owned: OwnedProcess = { process: child, closed, hasEnded, stop };
    this.#processes.add(owned);
    void closed.then(() => {
      this.#processes.delete(owned);
      if (pid !== undefined) this.#tell({ ended: pid });
    });
    return owned;
  }

  /** A temp folder that is gone when this process is. */
  folder(prefix: string, parent: string = tmpdir()): OwnedFolder {
    const path = mkdtempSync(join(realpathSync(parent), `nightproof-${prefix}-`));
    this.#watcher ??= startWatcher();
    this.#tell({ folder: path });
    const remove = (): void => {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
      this.#folders.delete(owned);
      this.#tell({ removed: path });
    };
    const owned: OwnedFolder = { path, remove };
    this.#folders.add(owned);
    return owned;
  }

  /** Ends all processes, then removes all folders. */
  async stop(): Promise<void> {
    await Promise.all([...this.#processes].map((owned) => owned.stop()));
    for (const folder of this.#folders) folder.remove();
  }

  #tell(line: WatcherLine): void {
    this.#watcher?.write(`${JSON.stringify(line)}\n`);
  }
}

/** What this process owns. */
export const processGroup = new ProcessGroup();

/** In a session of its own, so that a terminal's Ctrl-C passes it by; it never keeps this process from ending. */
function startWatcher(): Writable {
  const watcher = spawn(process.execPath, [WATCHER], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} });
  watcher.unref();
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  (watcher.stdin as typeof watcher.stdin & { unref?: () => void }).unref?.();
  return watcher.stdin;
}

function endingOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: null }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

/** What a process left behind of its group, itself included. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing of it is left
  }
}
