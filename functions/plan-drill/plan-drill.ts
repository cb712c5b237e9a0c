import { parseArtifactKey, stemOf } from '../../lib/domain/backup/keys.ts';
import { DRILLS_PREFIX, drillPlanKey, evidenceKey } from '../../lib/domain/backup/operation-keys.ts';
import { TIERS } from '../../lib/domain/backup/tiers.ts';
import type { Config } from '../../lib/domain/config/config.ts';
import { DrillPlan, type DrillPlanResult, type DrillRequest } from '../../lib/domain/drill/drill-plan.ts';
import { type Picked, pickBackups } from '../../lib/domain/drill/pick-backups.ts';
import { readDrillRequest } from '../../lib/domain/drill/read-request.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { readOperationStart } from '../../lib/domain/run/operation-start.ts';
import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import { listAllBackups } from '../../lib/runtime/backups.ts';
import { chooseBackups } from '../../lib/runtime/choose-backups.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { writeOrFind } from '../../lib/runtime/write-or-find.ts';

export interface PlanDrillDependencies {
  readonly vault: Vault;
  readonly settings: Pick<Config['drill'], 'pick' | 'most' | 'exclude' | 'probes'>;
}

/** Decides which backups are drilled, and writes that down. A repeated call finds what the first one decided. */
export const planDrill =
  ({ vault, settings }: PlanDrillDependencies) =>
  async (payload: unknown): Promise<DrillPlanResult> => {
    const { input, execution, name, startedAt } = readOperationStart(payload, 'drill');
    const request = readDrillRequest(input);
    const now = new Date(startedAt);
    const { backups, passedOver } = await picked({ vault, settings }, request, { name, now });
    const stamp = slotOf(now);
    const plan: DrillPlan = {
      version: 1,
      name,
      execution,
      stamp,
      trigger: 'scheduledTime' in request ? 'schedule' : 'manual',
      ...('reason' in request && request.reason !== undefined && { reason: request.reason }),
      items: backups.map(({ key, sourceId }, n) => {
        const probes = Object.hasOwn(settings.probes, sourceId) ? settings.probes[sourceId] : undefined;
        return { n, key, sourceId, evidenceKey: evidenceOf(key, stamp), probes: probes ?? [] };
      }),
      passedOver: [...passedOver],
    };
    const decided = await writeOrFind(vault, drillPlanKey(name), plan, DrillPlan);
    return { name, planKey: drillPlanKey(name), items: decided.items.map(({ n }) => ({ n })) };
  };

async function picked(
  { vault, settings }: PlanDrillDependencies,
  request: DrillRequest,
  { name, now }: { readonly name: string; readonly now: Date },
): Promise<Picked> {
  if ('key' in request) return { backups: await chooseBackups(vault, { key: request.key }, now), passedOver: [] };
  const all = await listAllBackups(vault, TIERS);
  const named = 'sources' in request ? request.sources : undefined;
  const wanted = named ?? [...all.keys()].filter((id) => !settings.exclude.includes(id));
  const evidenceKeys: string[] = [];
  for await (const { key } of vault.list(DRILLS_PREFIX)) evidenceKeys.push(key);
  return pickBackups({
    bySource: new Map(wanted.map((id) => [id, all.get(id) ?? []])),
    pick: ('pick' in request ? request.pick : undefined) ?? settings.pick,
    evidenceKeys,
    // who names sources means all of them
    ...(!named && { most: settings.most }),
    now,
    seed: name,
  });
}

function evidenceOf(key: string, stamp: Slot): string {
  const name = parseArtifactKey(key);
  if (!name) throw new Failure('internal', `${key} is no key of a backup`);
  return evidenceKey(stemOf(name), stamp);
}
