import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CliResult } from './cli-rig.ts';

export const BIN = fileURLToPath(new URL('../../bin/nightproof.ts', import.meta.url));

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Options of node itself. */
  readonly node?: readonly string[];
  /** Sees standard error as it comes. */
  readonly onStderr?: (text: string, child: ChildProcess) => void;
}

/** Nothing of the environment of the tests: no credentials, and no look for those of an instance. */
const BARE = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };

/** What has to go along for the local cloud to find what set-up has brought. */
export const CACHE = Object.fromEntries(
  ['HOME', 'NIGHTPROOF_CACHE', 'XDG_CACHE_HOME', 'NIGHTPROOF_TOOL_PATH'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

/** Runs the real program as a process. */
export async function cliProcess(args: readonly string[], options: ProcessOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [...(options.node ?? []), BIN, ...args], {
    cwd: options.cwd,
    env: { ...BARE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    options.onStderr?.(stderr, child);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, stdout, stderr };
}

export const isExecutable = (path: string): boolean => (statSync(path).mode & 0o111) !== 0;
