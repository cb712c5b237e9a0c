import { z } from 'zod';
import { type Attempt, jobsKey, planKey, type Run, runRecordKey } from '../../lib/domain/backup/keys.ts';
import type { Config } from '../../lib/domain/config/config.ts';
import { LEASE_HOURS } from '../../lib/domain/limits.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { Plan, type PlanResult } from '../../lib/domain/run/plan.ts';
import { NIGHTLY } from '../../lib/domain/run/plan-name.ts';
import {
  type EarlierClaim,
  groupsOf,
  jobsOf,
  judgeClaim,
  type NightRequest,
  readRequest,
  sourcesOf,
} from '../../lib/domain/run/plan-night.ts';
import { InputRefused } from '../../lib/domain/run/refused-input.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import { isGoodBackup } from '../../lib/runtime/backups.ts';
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
    const request = readRequest(input, config, new Date(startedAt));
    if (request.finishes) await refuseUnbegun(vault, runOf(request));

    const claimed = await claim({ vault, config, now }, request, execution);
    if ('refusal' in claimed) return { claimed: false, slot: request.slot, reason: claimed.refusal };

    const { plan: mine } = claimed;
    const jobs = jobsOf(mine);
    const groups = [...groupsOf(mine)];
    // with groups the list is not whole yet; then the expand step writes it
    if (groups.length === 0) await vault.putOnce(jobsKey(mine), jobs);
    const { slot, attempt } = mine;
    return { claimed: true, slot, attempt, planKey: planKey(mine), jobsKey: jobsKey(mine), jobs: jobs.length, groups };
  };

/** A dump made now is no backup of an earlier night, so only a slot that was begun can be finished. */
async function refuseUnbegun(vault: Vault, run: Run): Promise<void> {
  if (await vault.head(planKey({ ...run, attempt: 1 }))) return;
  const ofPlan = run.plan === undefined ? '' : ` in plan ${run.plan}`;
  throw new InputRefused([
    `slot ${run.slot} was never started${ofPlan}, so there is nothing to finish; leave "slot" out for a run of its own`,
  ]);
}

/** Records of the nightly plan carry no plan. */
const runOf = ({ slot, plan }: NightRequest): Run => ({ slot, ...(plan !== NIGHTLY && { plan }) });

/** Takes the attempt after the last one, unless that one may still be running or left nothing to do. */
async function claim(
  { vault, config, now }: PlanDependencies,
  request: NightRequest,
  execution: string,
): Promise<{ readonly plan: Plan } | { readonly refusal: string }> {
  const { slot, sources } = request;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const last = await lastClaim(vault, runOf(request));
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

async function lastClaim(vault: Vault, run: Run): Promise<EarlierClaim | undefined> {
  let last: Plan | undefined;
  for (let attempt = 1; ; attempt++) {
    const at: Attempt = { ...run, attempt };
    const next = await vault.readJson(planKey(at), Plan);
    if (!next) break;
    last = next;
  }
  return last && { plan: last, finished: (await vault.head(runRecordKey(last))) !== undefined };
}

async function verifiedIn(vault: Vault, { slot, sources }: NightRequest): Promise<readonly string[]> {
  const found = await inTurn(sourcesOf({ sources: [...sources] }), async (source) => {
    return (await isGoodBackup(vault, artifactKeyOf(source, slot))) ? [source.id] : [];
  });
  return found.flat();
}

interface Claim extends Pick<Plan, 'attempt' | 'execution'> {
  readonly alreadyVerified: readonly string[];
}

/** All that the steps of this attempt will need, as it is now: a deployment in mid-night changes nothing. */
function freeze(request: NightRequest, claim: Claim, config: Config, now: Date): Plan {
  const { trigger, reason, lateSeconds, sources } = request;
  const schedule = config.schedules[request.plan] ?? config.schedule;
  return {
    version: 1,
    ...runOf(request),
    attempt: claim.attempt,
    execution: claim.execution,
    trigger,
    ...(reason !== undefined && { reason }),
    claimedAt: now.toISOString(),
    leaseUntil: new Date(now.getTime() + LEASE_HOURS * 3_600_000).toISOString(),
    ...(lateSeconds !== undefined && { lateSeconds }),
    timeZone: schedule.timeZone,
    weeklyDay: config.weeklyDay,
    ...(request.named && { named: true }),
    sources: [...sources],
    alreadyVerified: [...claim.alreadyVerified],
    ...(config.offsite && { offsite: true }),
    ...(config.notCovered.length > 0 && { notCovered: [...config.notCovered] }),
  };
}
