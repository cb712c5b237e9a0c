import { z } from 'zod';
import type { Config } from '../../lib/domain/config.ts';
import { artifactKey, jobsKey, manifestKey, planKey, runRecordKey } from '../../lib/domain/keys.ts';
import { LEASE_HOURS } from '../../lib/domain/limits.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { Plan, type PlanResult } from '../../lib/domain/plan.ts';
import {
  type EarlierClaim,
  InputRefused,
  jobsOf,
  judgeClaim,
  type NightRequest,
  readRequest,
} from '../../lib/domain/plan-night.ts';
import type { Slot } from '../../lib/domain/slot.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

const PlanPayload = z.strictObject({ input: z.unknown(), execution: z.string().min(1), startedAt: z.iso.datetime() });

/** Each round somebody else was faster; more than a few in a row is no race but a fault. */
const MAX_ROUNDS = 10;

export interface PlanDependencies {
  readonly vault: Vault;
  readonly config: Config;
  readonly now: () => Date;
}

/**
 * Checks the input, claims the slot and writes the job list.
 *
 * The claim is a conditional write, so of two executions of one slot one goes on. It is also all that a repeated call of
 * this step needs to find its way: the plan is frozen in it, and the job list follows from the plan.
 */
export const plan =
  ({ vault, config, now }: PlanDependencies) =>
  async (payload: unknown): Promise<PlanResult> => {
    const { input, execution, startedAt } = PlanPayload.parse(payload);
    const request = readRequest(input, config.sources, new Date(startedAt));
    if (request.finishes) await refuseUnbegun(vault, request.slot);

    const claimed = await claim({ vault, config, now }, request, execution);
    if ('refusal' in claimed) return { claimed: false, slot: request.slot, reason: claimed.refusal };

    const jobs = jobsOf(claimed.plan);
    await vault.putOnce(jobsKey(claimed.plan), jobs);
    const { slot, attempt } = claimed.plan;
    return { claimed: true, slot, attempt, planKey: planKey(claimed.plan), jobsKey: jobsKey(claimed.plan), jobs: jobs.length };
  };

/** A dump made now is no backup of an earlier night, so only a slot that was begun can be finished. */
async function refuseUnbegun(vault: Vault, slot: Slot): Promise<void> {
  if (!(await vault.head(planKey({ slot, attempt: 1 }))))
    throw new InputRefused([
      `slot ${slot} was never started, so there is nothing to finish; leave "slot" out for a run of its own`,
    ]);
}

/** Takes the attempt after the last one, unless that one may still be running or left nothing to do. */
async function claim(
  { vault, config, now }: PlanDependencies,
  request: NightRequest,
  execution: string,
): Promise<{ readonly plan: Plan } | { readonly refusal: string }> {
  const { slot, sources } = request;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const last = await lastClaim(vault, slot);
    const judged = last && judgeClaim(last, execution, now());
    if (last && judged === 'ours') return { plan: last.plan };
    if (last && judged === 'busy')
      return { refusal: `slot ${slot} belongs to ${last.plan.execution} since ${last.plan.claimedAt}` };

    // looked up only now: an attempt that ended a moment ago may have verified more
    const alreadyVerified = await verifiedIn(vault, request);
    if (last?.finished && alreadyVerified.length === sources.length)
      return { refusal: `slot ${slot} is complete: every source asked for is verified in it` };

    const attempt = (last?.plan.attempt ?? 0) + 1;
    const mine = freeze(request, { attempt, execution, alreadyVerified }, config, now());
    if ((await vault.putOnce(planKey(mine), mine)) === 'written') return { plan: mine };
    // somebody was faster, or the answer to our own write was lost: the next round reads who
  }
  throw new Failure('conflict', `slot ${slot} could not be claimed in ${MAX_ROUNDS} rounds`);
}

async function lastClaim(vault: Vault, slot: Slot): Promise<EarlierClaim | undefined> {
  let last: Plan | undefined;
  for (let attempt = 1; ; attempt++) {
    const next = await vault.readJson(planKey({ slot, attempt }), Plan);
    if (!next) break;
    last = next;
  }
  return last && { plan: last, finished: (await vault.head(runRecordKey(last))) !== undefined };
}

async function verifiedIn(vault: Vault, { slot, sources }: NightRequest): Promise<readonly string[]> {
  const found = await inTurn(sources, async ({ id, kind }) => {
    const manifest = await vault.head(manifestKey(artifactKey({ tier: 'daily', sourceId: id, slot, kind })));
    return manifest ? [id] : [];
  });
  return found.flat();
}

interface Claim extends Pick<Plan, 'attempt' | 'execution'> {
  readonly alreadyVerified: readonly string[];
}

/** All that the steps of this attempt will need, as it is now: a deployment in mid-night changes nothing. */
function freeze({ slot, trigger, reason, sources }: NightRequest, claim: Claim, config: Config, now: Date): Plan {
  return {
    version: 1,
    slot,
    attempt: claim.attempt,
    execution: claim.execution,
    trigger,
    ...(reason !== undefined && { reason }),
    claimedAt: now.toISOString(),
    leaseUntil: new Date(now.getTime() + LEASE_HOURS * 3_600_000).toISOString(),
    timeZone: config.schedule.timeZone,
    weeklyDay: config.weeklyDay,
    sources: [...sources],
    alreadyVerified: [...claim.alreadyVerified],
  };
}
