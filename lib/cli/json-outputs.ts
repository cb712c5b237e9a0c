import type { ZodType } from 'zod';
import { BackupOutput } from './backup-output.ts';
import { ListOutput } from './list-output.ts';
import { NothingToDoOutput, RunOutput, StartedOutput } from './run-output.ts';

/** All that --json prints, by who prints it. Closed and versioned: a script may rely on each field. */
export const JSON_OUTPUTS: readonly { readonly printedBy: string; readonly schema: ZodType }[] = [
  { printedBy: '`list --json`', schema: ListOutput },
  { printedBy: '`show <slot> --json`, `show latest --json` and `run --json`', schema: RunOutput },
  { printedBy: '`show <key> --json`', schema: BackupOutput },
  { printedBy: '`run --no-wait --json`', schema: StartedOutput },
  { printedBy: '`run --json` where there is nothing to do', schema: NothingToDoOutput },
];
