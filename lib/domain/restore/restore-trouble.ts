import { z } from 'zod';
import { type FailureFacts, factsOf } from '../outcomes.ts';
import { judgeFailure, StepError } from '../run/judge-failure.ts';
import { PROBE_EXITS } from './probe.ts';
import type { RestoreTarget } from './restore-target.ts';

const caught = StepError.optional();

/** What the state machine caught around the items, each by the step that it was in. */
export const RestoreTrouble = z.strictObject({ step: caught, services: caught, hook: caught, probe: caught });
export type RestoreTrouble = z.infer<typeof RestoreTrouble>;

/** The failure that an operator has to look at first; undefined where nothing but items can have failed. */
export function failureOfTrouble(
  { step, services, hook, probe }: RestoreTrouble,
  { after }: RestoreTarget,
): FailureFacts | undefined {
  if (step) return judgeFailure(step, undefined);
  if (services) return judgeFailure(services, undefined);
  if (hook) return factsOf('hook', `the task ${after.task?.taskDefinition ?? ''}: ${judgeFailure(hook, undefined).detail}`);
  return probe ? factsOf('probe', `${after.probe?.url ?? ''}: ${whyProbe(probe)}`) : undefined;
}

/** The probe has no rights to write anything down: its exit code is all that it says. */
function whyProbe(error: StepError): string {
  const code = Number(/"ExitCode":\s*(\d+)/.exec(error.Cause)?.[1]);
  const known = Object.values(PROBE_EXITS).find((exit) => exit.code === code);
  return known?.means ?? judgeFailure(error, undefined).detail;
}
