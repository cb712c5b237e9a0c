import { z } from 'zod';
import { drillPlanKey, drillRecordKey, isExecutionName } from '../../lib/domain/backup/operation-keys.ts';
import { buildDrillRecord, drillMetrics, renderDrillReport } from '../../lib/domain/drill/drill-end.ts';
import { DrillPlan } from '../../lib/domain/drill/drill-plan.ts';
import { DrillEvidence, DrillRecord } from '../../lib/domain/drill/evidence.ts';
import { Failure, type FailureFacts } from '../../lib/domain/outcomes.ts';
import { ExecutionEnded, failureOfEnd } from '../../lib/domain/run/execution-ended.ts';
import { judgeFailure, StepError } from '../../lib/domain/run/judge-failure.ts';
import { failureLines } from '../../lib/domain/run/mail-lines.ts';
import { EachTried } from '../../lib/runtime/each-tried.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import type { Metrics } from '../../lib/runtime/metrics.ts';
import type { Notifier } from '../../lib/runtime/notifier.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { recordDamage } from '../../lib/runtime/verify/record-damage.ts';
import { writeOrFind } from '../../lib/runtime/write-or-find.ts';

const Asked = z.strictObject({ name: z.string().refine(isExecutionName), error: StepError.optional() });

export interface EndDrillDependencies {
  readonly vault: Vault;
  readonly notifier: Notifier;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

interface EndResult {
  readonly status: DrillRecord['status'];
  readonly summary: string;
}

/**
 * Ends a drill run: gathers the evidence, writes the record, tells people, publishes the figures. Called by the state machine, and by the
 * rule for executions that ended badly: those that have a record by then were told of.
 */
export const endDrill =
  (dependencies: EndDrillDependencies) =>
  async (payload: unknown): Promise<EndResult> => {
    const { vault } = dependencies;
    const asked = Asked.safeParse(payload);
    if (!asked.success) return afterEnd(dependencies, ExecutionEnded.parse(payload));
    const { name, error } = asked.data;
    const plan = await vault.readJson(drillPlanKey(name), DrillPlan);
    if (!plan) throw new Failure('storage', `${drillPlanKey(name)} is not in the vault, though the plan step wrote it`);
    return end(dependencies, plan, error && judgeFailure(error, undefined));
  };

async function afterEnd(dependencies: EndDrillDependencies, ended: ExecutionEnded): Promise<EndResult> {
  const { vault, notifier } = dependencies;
  const { name } = ended.detail;
  const known = isExecutionName(name);
  const told = known ? await vault.readJson(drillRecordKey(name), DrillRecord) : undefined;
  if (told) return { status: told.status, summary: 'it was told of already' };
  const failure = failureOfEnd(ended);
  const plan = known ? await vault.readJson(drillPlanKey(name), DrillPlan) : undefined;
  if (plan) return end(dependencies, plan, failure);
  const subject = `nightproof drill FAILED: it was not begun, ${name}`.slice(0, 99);
  await notifier.send({ subject, body: [`FAILED: drill ${name} was not begun`, '', ...failureLines(failure), ''].join('\n') });
  return { status: 'failed', summary: subject };
}

/** The record comes first: by it a second call knows that all was told. */
async function end(dependencies: EndDrillDependencies, plan: DrillPlan, failure: FailureFacts | undefined): Promise<EndResult> {
  const { vault, notifier, metrics, now } = dependencies;
  const evidence = await evidenceOf(vault, plan);
  const built = buildDrillRecord({ plan, finishedAt: now(), evidence, failure });
  const each = new EachTried();
  const record =
    (await each.try('drill record', () => writeOrFind(vault, drillRecordKey(plan.name), built, DrillRecord))) ?? built;
  const { subject, body } = renderDrillReport(record, { plan, evidence });
  await each.try('damage', () => tellDamage(vault, plan, evidence));
  await each.try('message', () => notifier.send({ subject, body }));
  await each.try('metrics', () => metrics.publish(drillMetrics(record), now()));
  each.end('end of the drill', subject);
  return { status: record.status, summary: subject };
}

async function evidenceOf(vault: Vault, { items }: DrillPlan): Promise<ReadonlyMap<number, DrillEvidence>> {
  const found = await inTurn(items, async ({ n, evidenceKey }) => ({
    n,
    evidence: await vault.readJson(evidenceKey, DrillEvidence),
  }));
  return new Map(found.flatMap(({ n, evidence }) => (evidence ? [[n, evidence] as const] : [])));
}

/** The task of a drill may write nothing of the kind itself. Which backup it was is the plan's word, not the task's: that one restores what it does not trust. */
async function tellDamage(vault: Vault, { items }: DrillPlan, evidence: ReadonlyMap<number, DrillEvidence>): Promise<void> {
  for (const { n, key } of items) {
    const found = evidence.get(n);
    if (found?.result === 'failed' && found.failure.reason === 'damaged')
      await recordDamage(vault, { key, foundAt: found.at, foundBy: 'drill', problem: found.failure.detail });
  }
}
