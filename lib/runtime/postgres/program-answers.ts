import { text } from 'node:stream/consumers';
import { PLAIN_LOCALE, startChild } from '../child.ts';

/** A program that answers from itself alone does so in milliseconds. */
const ANSWER_LIMIT_MS = 10_000;

/** What a program says of itself. */
export interface ProgramAnswer {
  readonly code: number | null;
  readonly output: string;
  /** Whether it had something to complain of. */
  readonly complained: boolean;
}

/** Runs a program that needs no server, with what it may read on its input. */
export async function askProgram(program: string, args: readonly string[], input?: Buffer): Promise<ProgramAnswer> {
  const child = startChild({ program, args, env: PLAIN_LOCALE }, input ? 'pipe' : 'ignore');
  const limit = setTimeout(() => void child.stop(), ANSWER_LIMIT_MS);
  // it may end without reading all of its input
  child.stdin?.on('error', () => undefined).end(input);
  const [output, { code }] = await Promise.all([text(child.stdout), child.exited]);
  clearTimeout(limit);
  return { code, output, complained: child.stderrLines() > 0 };
}
