import { z } from 'zod';
import { FailureFacts, factsOf } from './outcomes.ts';
import { Plan } from './plan.ts';
import { RetentionSummary } from './retention-record.ts';
import { SourceId } from './source-id.ts';
import { SourceOutcome } from './source-outcome.ts';

export const RUN_STATUSES = ['ok', 'warning', 'failed'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What one attempt at a slot did, failures included: `runs/YYYY/MM/<slot>.json`, written last. */
export const RunRecord = z.strictObject({
  version: z.literal(1),
  ...Plan.pick({ slot: true, attempt: true, execution: true, trigger: true, reason: true }).shape,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  status: z.enum(RUN_STATUSES),
  /** One for each source that this attempt had to dump, in the order of the plan. */
  sources: z.array(SourceOutcome),
  /** Sources that an earlier attempt verified in this slot. */
  alreadyVerified: z.array(SourceId),
  retention: RetentionSummary,
  /** What went wrong with the night as a whole, apart from its sources. */
  failure: FailureFacts.optional(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** All that is known when a night ends. */
export interface NightEnd {
  readonly plan: Plan;
  /** The outcomes that the vault holds of this attempt, in any order. */
  readonly outcomes: readonly SourceOutcome[];
  readonly retention: RetentionSummary;
  readonly finishedAt: Date;
  readonly failure?: FailureFacts;
}

/** Draws up the record of a night. A planned source of which nothing is known has failed: silence is no success. */
export function buildRunRecord({ plan, outcomes, retention, finishedAt, failure }: NightEnd): RunRecord {
  const at = finishedAt.toISOString();
  const sources = plannedOutcomes(plan, outcomes, at);
  const { slot, attempt, execution, trigger, reason, claimedAt, alreadyVerified } = plan;
  return {
    version: 1,
    slot,
    attempt,
    execution,
    trigger,
    ...(reason !== undefined && { reason }),
    startedAt: claimedAt,
    finishedAt: at,
    status: statusOf(sources, alreadyVerified, retention, failure),
    sources,
    alreadyVerified,
    retention,
    ...(failure && { failure }),
  };
}

function plannedOutcomes(plan: Plan, outcomes: readonly SourceOutcome[], at: string): SourceOutcome[] {
  const byId = new Map(outcomes.map((outcome) => [outcome.sourceId, outcome]));
  const done = new Set(plan.alreadyVerified);
  return plan.sources.filter(({ id }) => !done.has(id)).map(({ id }) => byId.get(id) ?? interrupted(id, plan.slot, at));
}

const interrupted = (sourceId: string, slot: Plan['slot'], at: string): SourceOutcome => ({
  status: 'failed',
  sourceId,
  slot,
  at,
  failure: factsOf('interrupted', 'the run ended without a word on this source'),
  tries: 1,
});

function statusOf(
  sources: readonly SourceOutcome[],
  alreadyVerified: readonly string[],
  retention: RetentionSummary,
  failure: FailureFacts | undefined,
): RunStatus {
  if (failure || sources.some(({ status }) => status === 'failed')) return 'failed';
  const warned = sources.some((outcome) => outcome.status === 'verified' && outcome.warnings.length > 0);
  const doubtful = retention.result === 'failed' || (retention.result === 'done' && retention.warnings.length > 0);
  // a night that had nothing to back up is no good night
  const empty = sources.length + alreadyVerified.length === 0;
  return warned || doubtful || empty ? 'warning' : 'ok';
}
