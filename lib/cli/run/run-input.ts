import { ExecutionInput } from '../../domain/run/plan.ts';
import { PlanName } from '../../domain/run/plan-name.ts';
import { isSourceId, SOURCE_ID_RULE } from '../../domain/source/source-id.ts';
import { SlotText } from '../../domain/time/slot.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

const MAX_SHOWN = 60;

export interface RunArguments {
  readonly sources: readonly string[];
  readonly plan?: string;
  readonly slot?: string;
  readonly reason?: string;
}

/** The execution input that the arguments spell. Refused here, before anything is started, is what the plan step would refuse. */
export function readRunInput({ sources, plan, slot, reason }: RunArguments): ExecutionInput {
  for (const id of sources) requireSourceId(id);
  if (plan !== undefined) requirePlanName(plan);
  if (slot !== undefined) requireSlot(slot);

  const input = {
    ...(sources.length > 0 && { sources: [...new Set(sources)] }),
    ...(plan !== undefined && { plan }),
    ...(reason !== undefined && { reason }),
    ...(slot !== undefined && { slot }),
  };
  const parsed = ExecutionInput.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = ExecutionInput.options[1].safeParse(input).error?.issues ?? [];
  const [issue] = problems;
  throw new CliError(
    EXIT.usage,
    `${issue?.path.join('.') || 'input'}: ${issue?.message ?? 'not usable'}`,
    'See nightproof run --help.',
  );
}

/** Refuses what cannot be the id of a source. */
export function requireSourceId(id: string): void {
  if (isSourceId(id)) return;
  throw new CliError(
    EXIT.usage,
    `${quoted(id)} is no source id`,
    `An id is ${SOURCE_ID_RULE}. The ids in use are those in nightproof.yaml.`,
  );
}

/** Refuses what cannot be the name of a plan. */
export function requirePlanName(name: string): void {
  const [issue] = PlanName.safeParse(name).error?.issues ?? [];
  if (!issue) return;
  throw new CliError(
    EXIT.usage,
    `${quoted(name)} is no name of a plan: it ${issue.message}`,
    'Plans are "nightly" and the names under schedules in nightproof.yaml.',
  );
}

function requireSlot(slot: string): void {
  if (SlotText.safeParse(slot).success) return;
  throw new CliError(
    EXIT.usage,
    `${quoted(slot)} is no slot`,
    'A slot is an instant in UTC as YYYYMMDD_HHMMSS, like 20260419_020000. See them with: nightproof list',
  );
}

/** What was typed, on one line and not endless. */
export function quoted(text: string): string {
  const shown = JSON.stringify(text);
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}..."` : shown;
}
