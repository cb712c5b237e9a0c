import { z } from 'zod';
import { isExecutionName } from '../backup/operation-keys.ts';
import { InputRefused } from './refused-input.ts';

/** What a state machine of restores, drills or patrols hands to its first step. */
const OperationStart = z.strictObject({
  /** Of whoever started it. */
  input: z.unknown(),
  /** ARN of the execution. */
  execution: z.string().min(1),
  name: z.string(),
  startedAt: z.iso.datetime(),
});
export type OperationStart = z.infer<typeof OperationStart>;

/** Throws `InputRefused` where the name could not stand in a key: somebody else than nightproof gave it. */
export function readOperationStart(payload: unknown, noun: 'restore' | 'drill' | 'patrol'): OperationStart {
  const start = OperationStart.parse(payload);
  if (isExecutionName(start.name)) return start;
  throw new InputRefused([`the execution's name must be letters, digits, "_" and "-", at most 80: it names the ${noun}`]);
}
