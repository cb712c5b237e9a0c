import { manifestKey, parseArtifactKey } from '../../domain/backup/keys.ts';
import { TIERS } from '../../domain/backup/tiers.ts';
import { NIGHTLY } from '../../domain/run/plan-name.ts';
import type { Slot } from '../../domain/time/slot.ts';
import type { Vault } from '../../runtime/vault.ts';
import { knownPlans } from '../list/known-runs.ts';
import type { InstalledSchedule, Operations, RaisedAlarm, RunningExecution } from '../place/operations.ts';
import { type DuePlan, duePlan, type SourceAge, sourceAges } from './freshness.ts';

/** How everything stands. */
export interface Status {
  readonly at: Date;
  readonly plans: readonly DuePlan[];
  readonly sources: readonly SourceAge[];
  readonly running: readonly RunningExecution[] | undefined;
  readonly alarms: readonly RaisedAlarm[] | undefined;
}

export const isOverdue = ({ plans, sources }: Pick<Status, 'plans' | 'sources'>): boolean =>
  [...plans, ...sources].some(({ freshness }) => freshness === 'overdue');

/** Looks at the vault and at what stands around it. */
export async function lookAtStatus(vault: Vault, operations: Operations, at: Date): Promise<Status> {
  const [schedules, running, alarms, newest] = await Promise.all([
    operations.schedules(),
    operations.running(),
    operations.alarms(),
    newestBackups(vault),
  ]);
  const nights = schedules.filter(({ starts }) => starts === 'night');
  const byPlan = new Map<string, InstalledSchedule>(nights.map((schedule) => [schedule.plan, schedule]));
  const names = [...new Set([NIGHTLY, ...byPlan.keys()])];
  const plans = (await knownPlans(vault, at, names)).map((known) => duePlan(known, byPlan.get(known.plan), at));
  return { at, plans, sources: sourceAges(plans, newest), running, alarms };
}

/** The newest slot of each source that has a manifest, and an object that it speaks of and nobody has found damaged. */
async function newestBackups(vault: Vault): Promise<ReadonlyMap<string, Slot>> {
  const newest = new Map<string, Slot>();
  await Promise.all(
    TIERS.map(async (tier) => {
      let manifest = '';
      // an object is listed before its manifest, and between them the record of its damage
      for await (const { key } of vault.list(`${tier}/`)) {
        const name = parseArtifactKey(key);
        if (name?.part === 'artifact') manifest = manifestKey(key);
        if (name?.part === 'damaged') manifest = '';
        if (name?.part !== 'manifest' || key !== manifest) continue;
        const before = newest.get(name.sourceId);
        if (before === undefined || name.slot > before) newest.set(name.sourceId, name.slot);
      }
    }),
  );
  return newest;
}
