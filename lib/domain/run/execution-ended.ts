import { z } from 'zod';
import { type FailureFacts, factsOf } from '../outcomes.ts';
import { judgeFailure } from './judge-failure.ts';

/** As much as is read of what EventBridge says of an execution that ended badly. */
export const ExecutionEnded = z.object({
  source: z.literal('aws.states'),
  detail: z.object({
    name: z.string(),
    executionArn: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});
export type ExecutionEnded = z.infer<typeof ExecutionEnded>;

/** Why it ended, where no step of it could say so itself. */
export function failureOfEnd({ detail: { status, error, cause } }: ExecutionEnded): FailureFacts {
  if (status === 'ABORTED') return factsOf('cancelled', 'the execution was aborted');
  if (status === 'TIMED_OUT') return factsOf('timeout', 'the execution was ended by its time limit');
  return judgeFailure({ Error: error ?? 'States.Runtime', Cause: cause ?? '' }, undefined);
}
