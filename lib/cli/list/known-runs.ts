import { type Run, runRecordKey } from '../../domain/backup/keys.ts';
import type { Plan } from '../../domain/run/plan.ts';
import type { PlanName } from '../../domain/run/plan-name.ts';
import { groupsOf, sourcesOf } from '../../domain/run/plan-night.ts';
import { RunRecord, type RunStatus } from '../../domain/run/run-record.ts';
import type { Found } from '../../domain/source/found.ts';
import type { ConfiguredSource, Source } from '../../domain/source/source.ts';
import { instantOf } from '../../domain/time/slot.ts';
import type { Vault } from '../../runtime/vault.ts';
import { readDocument } from '../place/vault-document.ts';
import { planNameOf } from '../run/run-name.ts';
import type { RunState } from '../run/run-output.ts';
import { readablePlansOf, runsBackFrom } from '../show/find-run.ts';
import { foundOf } from './found-of.ts';

/** Longer than the longest that a monthly plan is silent. What is older tells nothing of how things stand. */
const LOOK_BACK_DAYS = 62;

/** How the newest run of a plan stands. */
export interface LastRun {
  readonly run: Run;
  readonly startedAt: Date;
  readonly state: RunState;
  /** Absent until it has ended, and where its record cannot be read. */
  readonly status?: RunStatus;
}

/** What the vault knows of a plan. */
export interface KnownPlan {
  readonly plan: PlanName;
  readonly last?: LastRun;
  /** As they were written when all of the plan was run last. */
  readonly written: readonly ConfiguredSource[];
  /** All that this run backed up, found sources included. */
  readonly sources: readonly Source[];
  /** Groups of which that run could not tell what they hold. */
  readonly unknown: readonly string[];
}

/** What the vault knows of each of these plans, by their newest runs. */
export async function knownPlans(vault: Vault, now: Date, names: readonly PlanName[]): Promise<readonly KnownPlan[]> {
  const known = new Map<PlanName, Partial<KnownPlan>>(names.map((plan) => [plan, {}]));
  const open = new Set(names);
  const since = now.getTime() - LOOK_BACK_DAYS * 86_400_000;
  for await (const run of runsBackFrom(vault, now)) {
    if (open.size === 0 || instantOf(run.slot).getTime() < since) break;
    const name = planNameOf(run);
    if (!open.has(name)) continue;
    const plan = (await readablePlansOf(vault, run)).at(-1);
    if (!plan) continue;
    const before = known.get(name);
    const whole = plan.named === true ? {} : wholeRun(plan, await foundOf(vault, plan));
    known.set(name, { last: before?.last ?? (await lastRunOf(vault, plan, now)), ...whole });
    if (plan.named !== true) open.delete(name);
  }
  return names.map((plan) => ({ plan, written: [], sources: [], unknown: [], ...known.get(plan) }));
}

const wholeRun = (plan: Plan, found: Found | undefined): Omit<KnownPlan, 'plan'> => ({
  written: plan.sources,
  sources: sourcesOf(plan, found),
  unknown: groupsOf(plan).flatMap(({ id }) => (!found || found.failedGroups.includes(id) ? [id] : [])),
});

async function lastRunOf(vault: Vault, plan: Plan, now: Date): Promise<LastRun> {
  const document = await readDocument(vault, runRecordKey(plan), RunRecord);
  const alive = now.getTime() <= Date.parse(plan.leaseUntil);
  return {
    run: plan,
    startedAt: new Date(plan.claimedAt),
    state: 'absent' in document ? (alive ? 'running' : 'lost') : 'ended',
    ...('found' in document && { status: document.found.status }),
  };
}
