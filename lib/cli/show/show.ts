import type { Run } from '../../domain/backup/keys.ts';
import { parseSlot, type Slot } from '../../domain/time/slot.ts';
import { keyIn } from '../download/vault-key.ts';
import type { Backend, Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { withBackend } from '../place/with-backend.ts';
import { quoted, requirePlanName, requireSourceId } from '../run/run-input.ts';
import { planNameOf, runOf } from '../run/run-name.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { newestRun, type RunQuery, runsAt } from './find-run.ts';
import { type OperationName, operationIn } from './operation-name.ts';
import { showBackup } from './show-backup.ts';
import { showOperation } from './show-operation.ts';
import { showRun } from './show-run.ts';

export interface ShowOptions {
  readonly plan?: string;
  readonly source?: string;
  readonly attempt?: number;
  /** Every table instead of the largest ones. */
  readonly all?: boolean;
  readonly json?: boolean;
}

const WHAT =
  'Name a slot (20260419_020000), the key of a backup (daily/app_20260419_020000.dump), a restore or drill by its name, or: latest';

/** Shows one run, backup, restore or drill run. */
export async function show(context: CliContext, place: Place, what: string, options: ShowOptions): Promise<ExitCode> {
  const { source, plan } = options;
  if (source !== undefined) requireSourceId(source);
  if (plan !== undefined) requirePlanName(plan);
  const key = keyIn(what);
  const slot = parseSlot(what);
  const operation = operationIn(what);
  if (!key && !slot && !operation && what !== 'latest')
    throw new CliError(EXIT.usage, `${quoted(what)} is neither a slot nor the key of a backup, nor a restore or drill`, WHAT);
  if ((key || operation) && (source !== undefined || plan !== undefined)) throw saysItAlready(options, operation);

  return withBackend(context, place, { does: 'read' }, async (backend) => {
    if (key) return showBackup(context, backend, key, options);
    if (operation) return showOperation(context, backend, operation, options.json);
    const run = slot ? await runAt(backend, slot, plan) : await newestRun(backend.vault, context.now(), queryOf(options));
    if (!run) throw noRun(backend, options);
    return showRun(context, backend, run, options);
  });
}

function saysItAlready({ source }: ShowOptions, operation: OperationName | undefined): CliError {
  const option = source === undefined ? '--plan' : '--source';
  return new CliError(
    EXIT.usage,
    `${option} cannot be used with the ${operation ? `name of a ${operation.of}` : 'key of a backup'}`,
    `The ${operation ? 'name' : 'key'} says it already: leave the option out.`,
  );
}

const queryOf = ({ source, plan }: ShowOptions): RunQuery => ({
  ...(source !== undefined && { sourceId: source }),
  ...(plan !== undefined && { plan }),
});

/** The run of a slot. Plans may have slots at the same instant; then it has to be said which is meant. */
async function runAt({ vault, flags }: Backend, slot: Slot, plan: string | undefined): Promise<Run> {
  if (plan !== undefined) return runOf(slot, plan);
  const runs = await runsAt(vault, slot);
  const [only] = runs;
  if (!only || runs.length === 1) return only ?? { slot };
  throw new CliError(
    EXIT.usage,
    `the slot ${slot} has a run of each of these plans: ${runs.map(planNameOf).join(', ')}`,
    `Say which: nightproof show ${slot} --plan ${planNameOf(only)}${flags}`,
  );
}

function noRun({ name, flags }: Backend, { source, plan }: ShowOptions): CliError {
  const ofPlan = plan === undefined ? '' : ` of plan ${plan}`;
  const withSource = source === undefined ? '' : ` with the source ${source}`;
  return new CliError(
    EXIT.unverified,
    `${name} has no run${ofPlan}${withSource} yet`,
    `Start one: nightproof run${source === undefined ? '' : ` ${source}`}${plan === undefined ? '' : ` --plan ${plan}`}${flags}`,
  );
}
