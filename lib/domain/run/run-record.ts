import { z } from 'zod';
import { FailureFacts, factsOf } from '../outcomes.ts';
import { RetentionSummary } from '../retention/retention-record.ts';
import { SweepSummary } from '../retention/sweep-summary.ts';
import type { Found } from '../source/found.ts';
import { SourceId } from '../source/source-id.ts';
import { OffsiteSummary } from '../store/offsite.ts';
import { Plan } from './plan.ts';
import { alreadyVerifiedIn, groupsOf, jobsOf } from './plan-night.ts';
import { SourceOutcome } from './source-outcome.ts';

export const RUN_STATUSES = ['ok', 'warning', 'failed'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What one attempt at a slot did, failures included: `runs/YYYY/MM/<slot>.json`, written last. */
export const RunRecord = z.strictObject({
  version: z.literal(1),
  ...Plan.pick({ slot: true, plan: true, attempt: true, execution: true, trigger: true, reason: true, lateSeconds: true }).shape,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  status: z.enum(RUN_STATUSES),
  /** One for each source that this attempt had to dump, in the order of the plan. */
  sources: z.array(SourceOutcome),
  /** Sources that an earlier attempt verified in this slot. */
  alreadyVerified: z.array(SourceId),
  /** What the groups among the sources turned out to hold: what came, what went, what waits. */
  notes: z.array(z.strictObject({ groupId: SourceId, text: z.string() })).optional(),
  retention: RetentionSummary,
  /** What was cleared away of what earlier runs left behind; absent where the run did not get so far. */
  sweep: SweepSummary.optional(),
  /** Whether what the run before wrote has arrived off-site; absent where there is no such place, or no run before. */
  offsite: OffsiteSummary.optional(),
  /** What went wrong with the night as a whole, apart from its sources. */
  failure: FailureFacts.optional(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** All that is known when a night ends. */
export interface NightEnd {
  readonly plan: Plan;
  /** What its groups turned out to hold; undefined where it has none, or did not get so far. */
  readonly found?: Found;
  /** The outcomes that the vault holds of this attempt, in any order. */
  readonly outcomes: readonly SourceOutcome[];
  readonly retention: RetentionSummary;
  readonly sweep?: SweepSummary;
  readonly offsite?: OffsiteSummary;
  readonly finishedAt: Date;
  readonly failure?: FailureFacts;
}

/** Draws up the record of a night. A planned source of which nothing is known has failed: silence is no success. */
export function buildRunRecord({ plan, found, outcomes, retention, sweep, offsite, finishedAt, failure }: NightEnd): RunRecord {
  const at = finishedAt.toISOString();
  const sources = plannedOutcomes(plan, found, outcomes, at);
  const alreadyVerified = [...alreadyVerifiedIn(plan, found)];
  const notes = found?.notes ?? [];
  const { slot, plan: name, attempt, execution, trigger, reason, lateSeconds, claimedAt } = plan;
  return {
    version: 1,
    slot,
    ...(name !== undefined && { plan: name }),
    attempt,
    execution,
    trigger,
    ...(reason !== undefined && { reason }),
    ...(lateSeconds !== undefined && { lateSeconds }),
    startedAt: claimedAt,
    finishedAt: at,
    status: statusOf({ plan, sources, retention, sweep, offsite, failure }),
    sources,
    alreadyVerified,
    ...(notes.length > 0 && { notes }),
    retention,
    ...(sweep && { sweep }),
    ...(offsite && { offsite }),
    ...(failure && { failure }),
  };
}

function plannedOutcomes(plan: Plan, found: Found | undefined, outcomes: readonly SourceOutcome[], at: string): SourceOutcome[] {
  const byId = new Map(outcomes.map((outcome) => [outcome.sourceId, outcome]));
  // of a group that was looked into, what it holds is spoken of; of any other, the group itself
  const unknown = groupsOf(plan).filter(({ id }) => !found || found.failedGroups.includes(id));
  return [...jobsOf(plan, found), ...unknown].map(({ id }) => byId.get(id) ?? interrupted(id, plan.slot, at));
}

const interrupted = (sourceId: string, slot: Plan['slot'], at: string): SourceOutcome => ({
  status: 'failed',
  sourceId,
  slot,
  at,
  failure: factsOf('interrupted', 'the run ended without a word on this source'),
  tries: 1,
});

function statusOf({ plan, sources, retention, sweep, offsite, failure }: Judged): RunStatus {
  if (failure || sources.some(({ status }) => status === 'failed')) return 'failed';
  const warned = sources.some((outcome) => outcome.status === 'verified' && outcome.warnings.length > 0);
  const doubtful = retention.result === 'failed' || (retention.result === 'done' && retention.warnings.length > 0);
  // a night that was asked for nothing is no good night
  const empty = plan.sources.length === 0;
  const untidy = [sweep, offsite].some((one) => one !== undefined && one.warnings.length > 0);
  return warned || doubtful || empty || untidy ? 'warning' : 'ok';
}

interface Judged extends Pick<RunRecord, 'sources' | 'retention' | 'sweep' | 'offsite' | 'failure'> {
  readonly plan: Plan;
}
