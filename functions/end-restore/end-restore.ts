import { z } from 'zod';
import {
  isExecutionName,
  restoreItemKey,
  restorePlanKey,
  restoreRecordKey,
  restoreServicesKey,
} from '../../lib/domain/backup/operation-keys.ts';
import { type FailureFacts, factsOf } from '../../lib/domain/outcomes.ts';
import { buildRestoreRecord } from '../../lib/domain/restore/build-record.ts';
import { restoreMetrics } from '../../lib/domain/restore/restore-metrics.ts';
import { RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import { RestoreItemRecord, RestoreRecord, StoppedServices } from '../../lib/domain/restore/restore-record.ts';
import { renderRestoreReport } from '../../lib/domain/restore/restore-report.ts';
import { failureOfTrouble, RestoreTrouble } from '../../lib/domain/restore/restore-trouble.ts';
import { ExecutionEnded, failureOfEnd } from '../../lib/domain/run/execution-ended.ts';
import { failureLines } from '../../lib/domain/run/mail-lines.ts';
import { EachTried } from '../../lib/runtime/each-tried.ts';
import type { Services } from '../../lib/runtime/ecs-services.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import type { Metrics } from '../../lib/runtime/metrics.ts';
import type { Notifier } from '../../lib/runtime/notifier.ts';
import { readRestorePlan } from '../../lib/runtime/restore-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

const Asked = z.strictObject({ name: z.string().refine(isExecutionName), trouble: RestoreTrouble });

/** Services are started again by another function; it is given so long before this one says how they are. */
const LOOKS = 20;
const BETWEEN_LOOKS_MS = 2_000;

export interface EndRestoreDependencies {
  readonly vault: Vault;
  readonly services: Pick<Services, 'counts'>;
  readonly notifier: Notifier;
  readonly metrics: Metrics;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
}

export interface EndResult {
  readonly status: RestoreRecord['status'];
  readonly summary: string;
}

/**
 * Ends a restore: writes its record, tells people, publishes the figures. Called by the state machine, and by the rule for executions that
 * ended badly: those that have a record by then were told of.
 */
export const endRestore =
  (dependencies: EndRestoreDependencies) =>
  async (payload: unknown): Promise<EndResult> => {
    const asked = Asked.safeParse(payload);
    if (!asked.success) return afterEnd(dependencies, ExecutionEnded.parse(payload));
    const plan = await readRestorePlan(dependencies.vault, asked.data.name);
    return end(dependencies, plan, failureOfTrouble(asked.data.trouble, plan.target));
  };

async function afterEnd(dependencies: EndRestoreDependencies, ended: ExecutionEnded): Promise<EndResult> {
  const { vault, notifier } = dependencies;
  const { name } = ended.detail;
  const told = isExecutionName(name) ? await vault.readJson(restoreRecordKey(name), RestoreRecord) : undefined;
  if (told) return { status: told.status, summary: 'it was told of already' };
  const failure = failureOfEnd(ended);
  const plan = isExecutionName(name) ? await vault.readJson(restorePlanKey(name), RestorePlan) : undefined;
  if (plan) return end(dependencies, plan, failure);
  const subject = `nightproof restore FAILED: it was not begun, ${name}`.slice(0, 99);
  await notifier.send({ subject, body: [`FAILED: restore ${name} was not begun`, '', ...failureLines(failure), ''].join('\n') });
  return { status: 'failed', summary: subject };
}

/** Each of the three is tried whatever became of the others. The record comes first: by it a second call knows that all was told. */
async function end(
  dependencies: EndRestoreDependencies,
  plan: RestorePlan,
  failure: FailureFacts | undefined,
): Promise<EndResult> {
  const { vault, notifier, metrics, now } = dependencies;
  const built = buildRestoreRecord({
    plan,
    finishedAt: now(),
    items: await itemsOf(vault, plan, failure),
    services: await servicesOf(dependencies, plan),
    failure,
  });
  const each = new EachTried();
  const record = (await each.try('restore record', () => keep(vault, built))) ?? built;
  const { subject, body } = renderRestoreReport(record);
  await each.try('message', () => notifier.send({ subject, body }));
  await each.try('metrics', () => metrics.publish(restoreMetrics(record), now()));
  each.end('end of the restore', subject);
  return { status: record.status, summary: subject };
}

async function keep(vault: Vault, record: RestoreRecord): Promise<RestoreRecord> {
  const key = restoreRecordKey(record.name);
  if ((await vault.putOnce(key, record)) === 'written') return record;
  return (await vault.readJson(key, RestoreRecord)) ?? record;
}

/** An item without a record was never begun, or its task had no time to write one. */
const itemsOf = (
  vault: Vault,
  plan: RestorePlan,
  failure: FailureFacts = factsOf('interrupted', 'the task left no record'),
): Promise<readonly RestoreItemRecord[]> =>
  inTurn(plan.items, async (item) => {
    const record = await vault.readJson(restoreItemKey(plan.name, item.n), RestoreItemRecord);
    if (record) return record;
    return { version: 1, result: 'failed', at: plan.requestedAt, item, phase: 'start', failure };
  });

async function servicesOf(dependencies: EndRestoreDependencies, plan: RestorePlan): Promise<RestoreRecord['services']> {
  const { vault, pause } = dependencies;
  const recorded = await vault.readJson(restoreServicesKey(plan.name), StoppedServices);
  if (!recorded) return [];
  for (let look = 1; ; look++) {
    const found = await inTurn(recorded.services, (service) => runsAgain(dependencies, service));
    if (look === LOOKS || found.every(({ running }) => running)) return [...found];
    await pause(BETWEEN_LOOKS_MS);
  }
}

/** A service that cannot be asked is not known to run. */
async function runsAgain(
  { services }: EndRestoreDependencies,
  service: StoppedServices['services'][number],
): Promise<RestoreRecord['services'][number]> {
  const { cluster, service: name, desiredCount } = service;
  const counts = await services.counts({ cluster, service: name }).catch(() => undefined);
  return { ...service, running: counts !== undefined && (counts.desired > 0 || desiredCount === 0) };
}
