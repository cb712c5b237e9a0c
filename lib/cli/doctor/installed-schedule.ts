import { z } from 'zod';
import { NIGHTLY, PlanName } from '../../domain/run/plan-name.ts';
import { type Cron, parseCron } from '../../domain/time/schedule.ts';
import type { Machine } from '../place/machine.ts';
import type { InstalledSchedule } from '../place/operations.ts';

const TargetInput = z.looseObject({ plan: PlanName.optional() });

export interface ScheduleFacts {
  readonly name: string;
  /** @default "night" */
  readonly starts?: Machine | undefined;
  readonly expression: string | undefined;
  readonly timeZone: string | undefined;
  readonly state: string | undefined;
  /** What it starts an execution with. */
  readonly input: string | undefined;
  readonly since?: Date | undefined;
}

/** A schedule as its service describes it. */
export function installedSchedule({
  name,
  starts = 'night',
  expression = '',
  timeZone = 'UTC',
  state,
  input,
  since,
}: ScheduleFacts): InstalledSchedule {
  const cron = readExpression(expression);
  return {
    name,
    starts,
    plan: planIn(input),
    expression,
    ...(cron && { cron }),
    timeZone,
    enabled: state !== 'DISABLED',
    ...(since && { since }),
  };
}

/** Reads EventBridge Scheduler's spelling back: six fields, the last one of them the year, and `?` for what the other day field says. */
function readExpression(expression: string): Cron | undefined {
  const [, fields = ''] = /^cron\((\S+ \S+ \S+ \S+ \S+) \*\)$/.exec(expression) ?? [];
  return parseCron(fields.replaceAll('?', '*'));
}

function planIn(input: string | undefined): PlanName {
  try {
    return TargetInput.parse(JSON.parse(input ?? '{}')).plan ?? NIGHTLY;
  } catch {
    return NIGHTLY;
  }
}

/** `plan nightly`, `drills`: what a schedule starts, in a sentence. */
export const showStarts = ({ starts, plan }: Pick<InstalledSchedule, 'starts' | 'plan'>): string =>
  starts === 'night' ? `plan ${plan}` : `${starts}s`;

/** `0 2 * * * (Europe/Paris)`: an expression as it stands in the configuration. */
export function showSchedule({ expression, timeZone }: Pick<InstalledSchedule, 'expression' | 'timeZone'>): string {
  const [, fields] = /^cron\((.*) \*\)$/.exec(expression) ?? [];
  return `${fields === undefined ? expression : fields.replaceAll('?', '*')} (${timeZone})`;
}
