import { InputRefused, isInputObject, readForm } from '../run/refused-input.ts';
import { DrillRequest } from './drill-plan.ts';

/** Checks what a drill's execution was started with. The forms are told apart first: a union's own messages would speak of all of them. Throws `InputRefused`. */
export function readDrillRequest(input: unknown): DrillRequest {
  const [scheduled, byKey, bySource] = DrillRequest.options;
  if (!isInputObject(input))
    throw new InputRefused(['it must be a JSON object; {} drills the sources that waited longest, {"key"} one backup']);
  if ('scheduledTime' in input) return readForm(scheduled, input);
  return 'key' in input ? readForm(byKey, input) : readForm(bySource, input);
}
