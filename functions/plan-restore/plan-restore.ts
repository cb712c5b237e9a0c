import { restoreItemsKey, restorePlanKey } from '../../lib/domain/backup/operation-keys.ts';
import type { Config } from '../../lib/domain/config/config.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { type ReadRequest, readRestoreRequest } from '../../lib/domain/restore/read-request.ts';
import { mapItemOf, restoreItems } from '../../lib/domain/restore/restore-items.ts';
import { RestorePlan, type RestorePlanResult } from '../../lib/domain/restore/restore-plan.ts';
import { readOperationStart } from '../../lib/domain/run/operation-start.ts';
import { InputRefused } from '../../lib/domain/run/refused-input.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import { chooseBackups } from '../../lib/runtime/choose-backups.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

export interface PlanRestoreDependencies {
  readonly vault: Vault;
  readonly config: Pick<Config, 'restore' | 'sources'>;
}

/**
 * Checks what is asked for, finds the backups, and writes down what the steps are to do. Nothing is changed outside of `restores/`.
 * A repeated call finds the plan that it wrote before.
 */
export const planRestore =
  ({ vault, config }: PlanRestoreDependencies) =>
  async (payload: unknown): Promise<RestorePlanResult> => {
    const { input, execution, name, startedAt } = readOperationStart(payload, 'restore');
    const asked = readRestoreRequest(input, config.restore.targets);
    const manifests = await chooseBackups(vault, asked.request.backup, new Date(startedAt));
    const { items, problems } = restoreItems(asked, manifests, config.sources);
    if (problems.length > 0) throw new InputRefused(problems);

    const plan = await claim(vault, { ...frozen(asked, config), name, execution, startedAt, items: [...items] });
    await vault.putOnce(
      restoreItemsKey(name),
      plan.items.map((item) => mapItemOf(item, plan)),
    );
    return {
      name,
      planKey: restorePlanKey(name),
      itemsKey: restoreItemsKey(name),
      items: plan.items.length,
      target: plan.targetName,
      services: plan.target.services.length > 0,
    };
  };

const frozen = ({ request, target }: ReadRequest, { restore: { identity } }: PlanRestoreDependencies['config']) => ({
  request,
  targetName: request.target,
  target,
  ...(identity !== undefined && { identity }),
});

async function claim(
  vault: Vault,
  { startedAt, ...rest }: Omit<RestorePlan, 'version' | 'stamp' | 'requestedAt'> & { readonly startedAt: string },
): Promise<RestorePlan> {
  const stamp = slotOf(new Date(startedAt));
  const plan: RestorePlan = { version: 1, ...rest, stamp, requestedAt: startedAt };
  const key = restorePlanKey(rest.name);
  if ((await vault.putOnce(key, plan)) === 'written') return plan;
  const there = await vault.readJson(key, RestorePlan);
  if (there?.execution === rest.execution) return there;
  throw new Failure('conflict', `${key} is there already, and belongs to another execution`);
}
