import { z } from 'zod';
import { FailureFacts } from '../../domain/outcomes.ts';
import { RetentionSummary } from '../../domain/retention/retention-record.ts';
import { Plan } from '../../domain/run/plan.ts';
import { PlanName } from '../../domain/run/plan-name.ts';
import { RUN_STATUSES } from '../../domain/run/run-record.ts';
import { SourceOutcome } from '../../domain/run/source-outcome.ts';
import { SourceId } from '../../domain/source/source-id.ts';
import { SlotText } from '../../domain/time/slot.ts';
import { planNameOf } from './run-name.ts';
import { type RunView, SOURCE_STEPS } from './run-view.ts';

export const FindingOutput = z.strictObject({
  key: z.string(),
  problem: z.string().describe('What is wrong with the object, as the end of a sentence that begins with its key'),
});

/** How an attempt stands: `lost` where its owner cannot be alive any more and left no record. */
export const RUN_STATES = ['running', 'ended', 'lost'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** What `show <slot> --json` and `run --json` print. */
export const RunOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('run'),
  vault: z.string().describe('Name of the bucket'),
  slot: SlotText,
  plan: PlanName.describe('The plan it belongs to'),
  attempt: z.number().int().positive().describe('1 is the first start of the slot'),
  state: z.enum(RUN_STATES).describe('"lost": it left no record, and its owner cannot be alive any more'),
  status: z.enum(RUN_STATUSES).nullable().describe('null until the run has ended'),
  trigger: Plan.shape.trigger,
  reason: z.string().nullable(),
  lateSeconds: z.number().nullable().describe('How long after its time it started, where that is more than tolerated'),
  execution: z.string().describe('ARN of the execution'),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  sources: z.array(
    z.strictObject({
      sourceId: SourceId,
      step: z
        .enum(SOURCE_STEPS)
        .describe('Where it is; "discover": a group is being looked into, "dump" includes waiting for a free place'),
      earlier: z.boolean().describe('Whether an earlier attempt at this slot has verified it'),
      outcome: SourceOutcome.nullable().describe('null until it is known'),
      failedTries: z.array(z.strictObject({ at: z.iso.datetime(), failure: FailureFacts })),
    }),
  ),
  notes: z
    .array(z.strictObject({ groupId: SourceId, text: z.string() }))
    .describe('What its groups turned out to hold: what came, went or waits'),
  retention: RetentionSummary.nullable(),
  failure: FailureFacts.nullable().describe('What went wrong with the run as a whole'),
  findings: z.array(FindingOutput).describe('Damaged records of this run'),
});
export type RunOutput = z.infer<typeof RunOutput>;

/** What `run --no-wait --json` prints. */
export const StartedOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('started'),
  execution: z.string().describe('ARN of the execution'),
  slot: SlotText.describe('The slot named with --slot, or the second in which the run started'),
});

/** What `run --json` prints where there was nothing to do. */
export const NothingToDoOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('nothingToDo'),
  slot: SlotText,
  reason: z.string(),
});

/** Whether a run goes on, has ended, or can only be lost. */
export function stateOf({ plan, ended }: RunView, now: Date): RunState {
  if (ended) return 'ended';
  return now.getTime() > Date.parse(plan.leaseUntil) ? 'lost' : 'running';
}

/** A view of a run as it is printed in JSON. */
export function runOutput({ plan, found, sources, record, findings }: RunView, vault: string, state: RunState): RunOutput {
  return {
    version: 1,
    kind: 'run',
    vault,
    slot: plan.slot,
    plan: planNameOf(plan),
    attempt: plan.attempt,
    state,
    status: record?.status ?? null,
    trigger: plan.trigger,
    reason: plan.reason ?? null,
    lateSeconds: plan.lateSeconds ?? null,
    execution: plan.execution,
    startedAt: plan.claimedAt,
    finishedAt: record?.finishedAt ?? null,
    sources: sources.map(({ sourceId, step, earlier, outcome, tries }) => ({
      sourceId,
      step,
      earlier,
      outcome: outcome ?? null,
      failedTries: tries.flatMap((one) => (one.result === 'failure' ? [{ at: one.at, failure: one.failure }] : [])),
    })),
    notes: [...(found?.notes ?? [])],
    retention: record?.retention ?? null,
    failure: record?.failure ?? null,
    findings: [...findings],
  };
}
