import { unprivilegedRun } from './unprivileged-run.ts';

export interface Said {
  readonly reason?: string;
  readonly detail?: string;
  readonly exitCode?: number;
  readonly warnings?: readonly string[];
  readonly list?: string;
}

/** Archives a folder in a process without root's rights. */
export const archiveUnprivileged = async (folder: string, exclude: readonly string[] = []): Promise<Said> =>
  (await unprivilegedRun('test/support/archive-program.ts', [folder, ...exclude])) as Said;
