import type { PlanName } from '../../domain/run/plan-name.ts';
import { lastRun, nextRun } from '../../domain/time/next-run.ts';
import { instantOf, type Slot } from '../../domain/time/slot.ts';
import type { KnownPlan } from '../list/known-runs.ts';
import type { InstalledSchedule } from '../place/operations.ts';

/** A run has so long to leave its backups: with a schedule of every 24 hours nothing is older than 25. */
const TOLERANCE_MS = 3_600_000;

/**
 * `running`: the run that was due is under way. `unscheduled`: no schedule makes it, or none is known, so that nothing is due.
 */
export const FRESHNESS = ['ok', 'running', 'overdue', 'unscheduled'] as const;
export type Freshness = (typeof FRESHNESS)[number];

/** When a plan should have run, and how that went. */
export interface DuePlan {
  readonly known: KnownPlan;
  readonly schedule?: InstalledSchedule;
  /** The last time it should have run, at least an hour ago; absent where nothing was due yet. */
  readonly dueAt?: Date;
  readonly nextAt?: Date;
  readonly freshness: Freshness;
}

/** Holds what is known of a plan against its schedule. */
export function duePlan(known: KnownPlan, schedule: InstalledSchedule | undefined, now: Date): DuePlan {
  const { cron, timeZone = 'UTC', enabled, since } = schedule ?? {};
  if (!schedule || !cron || !enabled) return { known, ...(schedule && { schedule }), freshness: 'unscheduled' };
  const should = lastRun(cron, timeZone, new Date(now.getTime() - TOLERANCE_MS));
  const nextAt = nextRun(cron, timeZone, now);
  const dueAt = should && since && should < since ? undefined : should;
  const more = { known, schedule, ...(dueAt && { dueAt }), ...(nextAt && { nextAt }) };
  return { ...more, freshness: dueAt && !ranSince(known, dueAt) ? 'overdue' : 'ok' };
}

const ranSince = ({ last }: KnownPlan, dueAt: Date): boolean => last !== undefined && instantOf(last.run.slot) >= dueAt;

/** A source, and the newest verified backup that it has. */
export interface SourceAge {
  readonly sourceId: string;
  readonly plan?: PlanName;
  /** Of its newest backup: the slot of the run, in the archive the date of the data. */
  readonly newest?: Slot;
  /** Since when it should have a newer one; absent where it has. */
  readonly overdueSince?: Date;
  readonly freshness: Freshness;
}

/**
 * All sources with the age of what they have: those of the plans as they were run last, then whatever else has backups. Of a group
 * that could not be looked into, everything that it ever found is due, for somebody has to notice.
 */
export function sourceAges(plans: readonly DuePlan[], newest: ReadonlyMap<string, Slot>): readonly SourceAge[] {
  const ages = plans.flatMap((plan) => idsOf(plan.known, newest).map((id) => ageOf(id, plan, newest.get(id))));
  const archives = plans.flatMap(({ known }) =>
    known.written.flatMap(({ kind, id }) => (kind === 'datedFolders' ? [archiveOf(id, known.plan, newest.get(id))] : [])),
  );
  const told = new Set([...ages, ...archives].map(({ sourceId }) => sourceId));
  const others = [...newest].flatMap(([sourceId, slot]) =>
    told.has(sourceId) ? [] : [{ sourceId, newest: slot, freshness: 'unscheduled' as const }],
  );
  return [...ages, ...archives, ...others];
}

function idsOf({ sources, unknown, written }: KnownPlan, newest: ReadonlyMap<string, Slot>): readonly string[] {
  const servers = unknown.filter((id) => written.some((source) => source.id === id && source.kind === 'server'));
  const found = servers.flatMap((group) => {
    const before = [...newest.keys()].filter((id) => id.startsWith(`${group}-`));
    return before.length > 0 ? before : [group];
  });
  const listed = sources.filter(({ kind }) => kind !== 'datedFolder').map(({ id }) => id);
  return [...new Set([...listed, ...found])];
}

function ageOf(sourceId: string, { known, dueAt, freshness }: DuePlan, newest: Slot | undefined): SourceAge {
  const age = { sourceId, plan: known.plan, ...(newest && { newest }) };
  if (freshness === 'unscheduled') return { ...age, freshness };
  if (!dueAt || (newest && instantOf(newest) >= dueAt)) return { ...age, freshness: 'ok' };
  const running = known.last?.state === 'running' && ranSince(known, dueAt);
  return { ...age, overdueSince: dueAt, freshness: running ? 'running' : 'overdue' };
}

/** A folder is archived when there is one, so that none is ever due. */
const archiveOf = (sourceId: string, plan: PlanName, newest: Slot | undefined): SourceAge => ({
  sourceId,
  plan,
  ...(newest && { newest }),
  freshness: 'unscheduled',
});
