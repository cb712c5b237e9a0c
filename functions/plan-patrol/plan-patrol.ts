import { patrolPlanKey } from '../../lib/domain/backup/operation-keys.ts';
import { TIERS } from '../../lib/domain/backup/tiers.ts';
import { chooseKeys, readPatrolRequest } from '../../lib/domain/patrol/choose-keys.ts';
import { PatrolPlan } from '../../lib/domain/patrol/patrol-plan.ts';
import { readOperationStart } from '../../lib/domain/run/operation-start.ts';
import { listAllBackups } from '../../lib/runtime/backups.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { writeOrFind } from '../../lib/runtime/write-or-find.ts';

export interface PlanPatrolDependencies {
  readonly vault: Vault;
  /** How much of all backups a patrol reads, unless its input says otherwise: `5%`. */
  readonly share: string;
}

/**
 * Decides which stored backups this patrol reads again, and writes that down. What is known to be damaged needs no reader. A
 * repeated call finds what the first one decided.
 */
export const planPatrol =
  ({ vault, share }: PlanPatrolDependencies) =>
  async (payload: unknown): Promise<{ readonly patrolKey: string; readonly keys: number }> => {
    const { input, execution, name, startedAt } = readOperationStart(payload, 'patrol');
    const request = readPatrolRequest(input);
    const { keys, ...choice } = chooseKeys(request, await goodBackups(vault), { share, at: new Date(startedAt) });
    const plan: PatrolPlan = { version: 1, name, execution, requestedAt: startedAt, ...choice, keys: [...keys] };
    const patrolKey = patrolPlanKey(name);
    const decided = await writeOrFind(vault, patrolKey, plan, PatrolPlan);
    return { patrolKey, keys: decided.keys.length };
  };

async function goodBackups(vault: Vault): Promise<readonly string[]> {
  const all = [...(await listAllBackups(vault, TIERS)).values()].flat();
  return all.filter(({ damaged }) => !damaged).map(({ key }) => key);
}
