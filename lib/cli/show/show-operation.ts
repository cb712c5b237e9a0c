import { drillExit } from '../drill/drill.ts';
import { DrillOutput, drillOutput } from '../drill/drill-output.ts';
import { drillLines } from '../drill/drill-report.ts';
import { DrillReader } from '../drill/drill-view.ts';
import type { Backend } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { lookForLost } from '../place/lost-execution.ts';
import { restoreExit } from '../restore/restore.ts';
import { RestoreOutput, restoreOutput } from '../restore/restore-output.ts';
import { restoreLines } from '../restore/restore-report.ts';
import { RestoreReader } from '../restore/restore-view.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { shellWord } from '../terminal/shell-word.ts';
import type { OperationName } from './operation-name.ts';

/** Shows a restore or a drill run, also one that is going on. Of one that has ended it ends as that did. */
export const showOperation = (
  context: CliContext,
  backend: Backend,
  operation: OperationName,
  json: boolean | undefined,
): Promise<ExitCode> =>
  operation.of === 'restore' ? showRestore(context, backend, operation, json) : showDrill(context, backend, operation, json);

async function showRestore(
  { terminal, now }: CliContext,
  backend: Backend,
  operation: OperationName,
  json: boolean | undefined,
): Promise<ExitCode> {
  const reader = new RestoreReader(backend.vault, operation.name);
  const view = await lookForLost(backend, () => reader.look());
  if (!view) throw unknown(operation, backend);
  if (json) terminal.json(RestoreOutput.parse(restoreOutput(view, backend.vault.bucket)));
  else terminal.result(restoreLines(view, backend, terminal, now()));
  if (!view.ended) return view.lost ? EXIT.unverified : EXIT.done;
  return view.record ? restoreExit(view.record) : EXIT.unverified;
}

async function showDrill(
  { terminal }: CliContext,
  backend: Backend,
  operation: OperationName,
  json: boolean | undefined,
): Promise<ExitCode> {
  const reader = new DrillReader(backend.vault, operation.name);
  const view = await lookForLost(backend, () => reader.look());
  if (!view) throw unknown(operation, backend);
  if (json) terminal.json(DrillOutput.parse(drillOutput(view, backend.vault.bucket)));
  else terminal.result(drillLines(view, backend, terminal));
  return view.lost ? EXIT.unverified : drillExit(view);
}

function unknown({ of, name }: OperationName, { vault, locate }: Backend): CliError {
  const all = locate(of === 'restore' ? 'restores/' : 'drills/plans/');
  const others = 's3' in all ? `aws s3 ls ${all.s3}` : `ls ${shellWord(all.file)}`;
  return new CliError(
    EXIT.unverified,
    `there is no ${of} ${name} in ${vault.bucket}`,
    `One that was refused, or has only just started, has left nothing yet. The others: ${others}`,
  );
}
