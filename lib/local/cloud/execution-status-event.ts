import { randomUUID } from 'node:crypto';
import type { CloudEvent } from './event-pattern.ts';
import type { Execution } from './execution.ts';

export const STATUS_CHANGE = 'Step Functions Execution Status Change';

/** What EventBridge tells of an execution as it is now. Input and output are texts; Step Functions leaves out those above 248 KiB, which none here is. */
export function executionStatusEvent(
  execution: Execution,
  place: { readonly accountId: string; readonly region: string },
): CloudEvent {
  const { arn, name, stateMachineArn, status, startDate, stopDate, input, output, error, cause } = execution;
  return {
    version: '0',
    id: randomUUID(),
    source: 'aws.states',
    'detail-type': STATUS_CHANGE,
    account: place.accountId,
    region: place.region,
    time: (stopDate ?? startDate).toISOString(),
    resources: [arn],
    detail: {
      executionArn: arn,
      stateMachineArn,
      name,
      status,
      startDate: startDate.getTime(),
      stopDate: stopDate?.getTime() ?? null,
      input: JSON.stringify(input),
      output: output === undefined ? null : JSON.stringify(output),
      error: error ?? null,
      cause: cause ?? null,
    },
  };
}
