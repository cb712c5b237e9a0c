import { z } from 'zod';
import { isExecutionName, restoreItemKey, restoreProgressPrefix } from '../../lib/domain/backup/operation-keys.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import { RestoreItemRecord, RestoreProgress } from '../../lib/domain/restore/restore-record.ts';
import { judgeFailure, StepError } from '../../lib/domain/run/judge-failure.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import { readRestorePlan } from '../../lib/runtime/restore-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

const name = z.string().refine(isExecutionName);
const SettlePayload = z.union([
  z.strictObject({ name, n: z.number().int().nonnegative(), error: StepError }),
  z.strictObject({ name }),
]);

export interface SettleDependencies {
  readonly vault: Vault;
  readonly now: () => Date;
}

/** After an item failed: writes down why, unless its task did so itself. After all items: says whether every one was restored. */
export const settleRestore =
  ({ vault, now }: SettleDependencies) =>
  async (payload: unknown): Promise<{ readonly restored: boolean }> => {
    const asked = SettlePayload.parse(payload);
    const plan = await readRestorePlan(vault, asked.name);
    if ('error' in asked) {
      await writeFailure(vault, { plan, n: asked.n, error: asked.error, at: now() });
      return { restored: false };
    }
    const records = await inTurn(plan.items, ({ n }) => vault.readJson(restoreItemKey(asked.name, n), RestoreItemRecord));
    return { restored: records.every((record) => record?.result === 'restored') };
  };

interface FailedItem {
  readonly plan: RestorePlan;
  readonly n: number;
  readonly error: StepError;
  readonly at: Date;
}

async function writeFailure(vault: Vault, { plan, n, error, at }: FailedItem): Promise<void> {
  const item = plan.items.find((candidate) => candidate.n === n);
  if (!item) throw new Failure('internal', `restore ${plan.name} has no item ${n}`);
  const phase = await lastPhase(vault, plan.name, n);
  const record: RestoreItemRecord = {
    version: 1,
    result: 'failed',
    at: at.toISOString(),
    item,
    phase: phase ?? 'start',
    failure: judgeFailure(error, undefined),
    // only a task that wrote nothing more is unknown
    ...(phase && phase !== 'verify' && { left: `is unknown: the task vanished in its phase "${phase}"` }),
  };
  await vault.putOnce(restoreItemKey(plan.name, n), record);
}

/** How far the task had come when it last said so. */
async function lastPhase(vault: Vault, restore: string, n: number): Promise<string | undefined> {
  let last: string | undefined;
  for await (const { key } of vault.list(restoreProgressPrefix(restore, n))) last = key;
  return last && (await vault.readJson(last, RestoreProgress))?.phase;
}
