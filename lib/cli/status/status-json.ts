import { instantOf } from '../../domain/time/slot.ts';
import { isOverdue, type Status } from './status-look.ts';
import type { StatusOutput } from './status-output.ts';

const secondsSince = (then: Date, now: Date): number => Math.floor((now.getTime() - then.getTime()) / 1000);

/** The status as it is printed in JSON. */
export function statusOutput({ at, plans, sources, running, alarms }: Status, vault: string): StatusOutput {
  return {
    version: 1,
    kind: 'status',
    vault,
    at: at.toISOString(),
    overdue: isOverdue({ plans, sources }),
    plans: plans.map(({ known: { plan, last }, schedule, dueAt, nextAt, freshness }) => ({
      plan,
      expression: schedule?.expression ?? null,
      timeZone: schedule?.timeZone ?? null,
      enabled: schedule?.enabled ?? false,
      lastSlot: last?.run.slot ?? null,
      lastState: last?.state ?? null,
      lastStatus: last?.status ?? null,
      lastAgeSeconds: last ? secondsSince(last.startedAt, at) : null,
      dueAt: dueAt?.toISOString() ?? null,
      nextAt: nextAt?.toISOString() ?? null,
      freshness,
    })),
    running:
      running?.map(({ executionArn, startedAt }) => ({ execution: executionArn, startedAt: startedAt.toISOString() })) ?? null,
    sources: sources.map(({ sourceId, plan, newest, overdueSince, freshness }) => ({
      sourceId,
      plan: plan ?? null,
      newest: newest ?? null,
      ageSeconds: newest ? secondsSince(instantOf(newest), at) : null,
      overdueSince: overdueSince?.toISOString() ?? null,
      freshness,
    })),
    alarms: alarms?.map(({ name, since, description }) => ({ name, since: since.toISOString(), description })) ?? null,
  };
}
