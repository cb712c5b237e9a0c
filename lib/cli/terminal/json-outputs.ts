import type { ZodType } from 'zod';
import { CommandOutput } from '../command/command-output.ts';
import { DoctorOutput } from '../doctor/doctor-output.ts';
import { DownloadOutput } from '../download/download-output.ts';
import { DrillOutput, DrillStartedOutput } from '../drill/drill-output.ts';
import { ListOutput } from '../list/list-output.ts';
import { SetsOutput } from '../list/sets-output.ts';
import { RestoreDryRunOutput, RestoreOutput, RestoreStartedOutput } from '../restore/restore-output.ts';
import { RestoredFolderOutput } from '../restore/restored-folder-output.ts';
import { RetentionOutput } from '../retention/retention-output.ts';
import { NothingToDoOutput, RunOutput, StartedOutput } from '../run/run-output.ts';
import { BackupOutput } from '../show/backup-output.ts';
import { StatusOutput } from '../status/status-output.ts';
import { VerifyOutput } from '../verify/verify-output.ts';

/** All that --json prints, by who prints it. Closed and versioned: a script may rely on each field. */
export const JSON_OUTPUTS: readonly { readonly printedBy: string; readonly schema: ZodType }[] = [
  { printedBy: '`list --json`', schema: ListOutput },
  { printedBy: '`list --set --json`', schema: SetsOutput },
  { printedBy: '`show <slot> --json`, `show latest --json` and `run --json`', schema: RunOutput },
  { printedBy: '`show <key> --json`', schema: BackupOutput },
  { printedBy: '`restore --json`, and `show --json` of a restore', schema: RestoreOutput },
  { printedBy: '`restore --dry-run --json`', schema: RestoreDryRunOutput },
  { printedBy: '`restore --no-wait --json`', schema: RestoreStartedOutput },
  { printedBy: '`restore --to --json`', schema: RestoredFolderOutput },
  { printedBy: '`drill --json`, and `show --json` of a drill', schema: DrillOutput },
  { printedBy: '`drill --no-wait --json`', schema: DrillStartedOutput },
  { printedBy: '`verify --json`', schema: VerifyOutput },
  { printedBy: '`download --json`', schema: DownloadOutput },
  { printedBy: '`status --json`', schema: StatusOutput },
  { printedBy: '`doctor --json`', schema: DoctorOutput },
  { printedBy: '`retention --json`', schema: RetentionOutput },
  { printedBy: '`command --json`', schema: CommandOutput },
  { printedBy: '`run --no-wait --json`', schema: StartedOutput },
  { printedBy: '`run --json` where there is nothing to do', schema: NothingToDoOutput },
];
