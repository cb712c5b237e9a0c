import { execFile } from 'node:child_process';
import { processGroup } from '../servers/process-group.ts';

const OUTPUT_TAIL = 3000;
const PROBE_LIMIT_MS = 20_000;

export interface StepResult {
  readonly ok: boolean;
  /** The end of what it printed, on both streams. */
  readonly output: string;
}

/**
 * Runs one step of set-up to its end. Under umask 022 whatever ours is, since root's servers
 * read what it makes as another user; it ends with this process.
 */
export async function runStep(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<StepResult> {
  const child = processGroup.spawn('/bin/sh', ['-c', 'umask 022; exec "$@"', 'sh', command, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_TAIL);
  };
  child.process.stdout?.on('data', keep);
  child.process.stderr?.on('data', keep);
  const { code } = await child.closed;
  return { ok: code === 0, output: output.trim() };
}

/** Asks a program something that it answers at once. Not ok where it cannot run at all. */
export function ask(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<StepResult> {
  const options = { env: { ...process.env, LC_ALL: 'C', ...env }, timeout: PROBE_LIMIT_MS };
  return new Promise((resolve) => {
    execFile(command, [...args], options, (failed, stdout, stderr) =>
      resolve({ ok: failed === null, output: `${stdout}${stderr}`.trim() }),
    );
  });
}
