import { z } from 'zod';
import { manifestKey, outcomeKey } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { TryRecord } from '../../lib/domain/backup/receipt.ts';
import { Failure, type FailureFacts } from '../../lib/domain/outcomes.ts';
import { countsOf } from '../../lib/domain/run/counts.ts';
import { decideRetry, judgeFailure, StepError } from '../../lib/domain/run/judge-failure.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { groupsOf } from '../../lib/domain/run/plan-night.ts';
import type { SourceOutcome } from '../../lib/domain/run/source-outcome.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import { JobPayload, readJob, readPlan, readTries } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { shrunk } from './shrunk.ts';

const OutcomePayload = JobPayload.extend({
  /** Dump tries before the one that just ended. */
  tries: z.number().int().nonnegative(),
  manifestKey: z.string().optional(),
  promotion: z.strictObject({ promoted: z.array(z.string()), warnings: z.array(z.string()) }).optional(),
  error: StepError.optional(),
});
type OutcomePayload = z.infer<typeof OutcomePayload>;

export interface OutcomeDependencies {
  readonly vault: Vault;
  readonly now: () => Date;
}

/** What the state machine does with a job now. */
export interface Settled {
  readonly decision: 'done' | 'retry';
  readonly waitSeconds: number;
  readonly tries: number;
}

/**
 * Writes down what became of a source, or orders another try.
 *
 * A manifest decides: with one the backup is verified, whatever failed after it. Any failure before it may be tried again from
 * the dump on, since a dump task that finds its object complete adopts it and is done.
 */
export const outcome =
  ({ vault, now }: OutcomeDependencies) =>
  async (payload: unknown): Promise<Settled> => {
    const job = OutcomePayload.parse(payload);
    const plan = await readPlan(vault, job.planKey);
    const tries = job.tries + 1;
    const settle = async (document: SourceOutcome): Promise<Settled> => {
      await vault.putOnce(outcomeKey(plan, job.id), document);
      return { decision: 'done', waitSeconds: 0, tries };
    };

    const verified = await committed(vault, plan, job);
    if (verified) return settle(verifiedOutcome(verified, job, { now: now(), warnings: await shrunk(vault, verified) }));
    if (job.manifestKey) throw new Failure('storage', `${job.manifestKey} was written but cannot be read`);
    if (!job.error) throw new Failure('internal', `outcome: ${job.id} came with neither a manifest nor an error`);

    const failure = judgeFailure(job.error, await newestTry(vault, plan, job.id));
    const retry = decideRetry(failure, job.tries);
    if (retry) return { decision: 'retry', ...retry, tries };
    return settle({ status: 'failed', sourceId: job.id, slot: plan.slot, at: now().toISOString(), failure, tries });
  };

/** Looked up rather than believed: the answer of the step that wrote it may have been lost. */
async function committed(vault: Vault, plan: Plan, { planKey, id }: JobPayload): Promise<Manifest | undefined> {
  // a group makes no artifact of its own
  if (groupsOf(plan).some((group) => group.id === id)) return undefined;
  const { source } = await readJob(vault, { planKey, id });
  return vault.readJson(manifestKey(artifactKeyOf(source, plan.slot)), Manifest);
}

/** The newest record of this attempt; those of an earlier one say nothing about it. */
async function newestTry(vault: Vault, plan: Plan, id: string): Promise<TryRecord | undefined> {
  const newest = (await readTries(vault, plan.slot, id))[0]?.record;
  if (!newest) return undefined;
  const at = newest.result === 'failure' ? newest.at : newest.receipt.finishedAt;
  return Date.parse(at) >= Date.parse(plan.claimedAt) ? newest : undefined;
}

interface Seen {
  readonly now: Date;
  readonly warnings: readonly string[];
}

function verifiedOutcome({ receipt, key, slot }: Manifest, job: OutcomePayload, { now, warnings }: Seen): SourceOutcome {
  return {
    status: 'verified',
    sourceId: job.id,
    slot,
    at: now.toISOString(),
    manifestKey: manifestKey(key),
    bytes: receipt.bytes,
    counts: countsOf(receipt),
    durationSeconds: Math.max(0, (Date.parse(receipt.finishedAt) - Date.parse(receipt.startedAt)) / 1000),
    promoted: job.promotion?.promoted ?? [],
    warnings: [...receipt.warnings, ...warnings, ...(job.promotion?.warnings ?? []), ...unpromoted(job.error)],
    tries: job.tries + 1,
  };
}

function unpromoted(error: StepError | undefined): string[] {
  if (!error) return [];
  const { reason, detail }: FailureFacts = judgeFailure(error, undefined);
  return [`not promoted, the next night tries again (${reason}: ${detail})`];
}
