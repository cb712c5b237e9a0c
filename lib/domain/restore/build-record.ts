import type { FailureFacts } from '../outcomes.ts';
import type { RestorePlan } from './restore-plan.ts';
import type { RestoreItemRecord, RestoreRecord } from './restore-record.ts';

/** All that is known of a restore when it is over. */
export interface RestoreEnd {
  readonly plan: RestorePlan;
  readonly finishedAt: Date;
  readonly items: readonly RestoreItemRecord[];
  readonly services: RestoreRecord['services'];
  /** What went wrong apart from the items. */
  readonly failure?: FailureFacts | undefined;
}

/** What a restore came to. A service that does not run again fails it as much as a table would. */
export function buildRestoreRecord({ plan, finishedAt, items, services, failure }: RestoreEnd): RestoreRecord {
  const { name, execution, stamp, requestedAt, request, targetName } = plan;
  const failed =
    failure !== undefined || items.some(({ result }) => result === 'failed') || services.some(({ running }) => !running);
  const warned = items.some((item) => item.result === 'restored' && item.warnings.length > 0);
  return {
    version: 1,
    name,
    execution,
    stamp,
    requestedAt,
    request,
    targetName,
    finishedAt: finishedAt.toISOString(),
    status: failed ? 'failed' : warned ? 'warning' : 'restored',
    items: [...items],
    services: [...services],
    ...(failure && { failure }),
  };
}
