import { z } from 'zod';
import { PATROLS_PREFIX, patrolFindingsKey, patrolRecordKey } from '../../lib/domain/backup/operation-keys.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { buildPatrolRecord, patrolMail, patrolMetrics } from '../../lib/domain/patrol/patrol-end.ts';
import { PatrolFindings, PatrolPlan, PatrolRecord } from '../../lib/domain/patrol/patrol-plan.ts';
import { judgeFailure, StepError } from '../../lib/domain/run/judge-failure.ts';
import type { Metrics } from '../../lib/runtime/metrics.ts';
import type { Notifier } from '../../lib/runtime/notifier.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { writeOrFind } from '../../lib/runtime/write-or-find.ts';

const EndPatrolPayload = z.strictObject({ patrolKey: z.string().startsWith(PATROLS_PREFIX), error: StepError.optional() });

export interface EndPatrolDependencies {
  readonly vault: Vault;
  readonly notifier: Notifier;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/**
 * Ends a patrol: writes its record, publishes the figures, and tells people where something is not intact. The mail is sent
 * whatever became of the figures, and only then a failure is thrown.
 */
export const endPatrol =
  ({ vault, notifier, metrics, now }: EndPatrolDependencies) =>
  async (payload: unknown): Promise<{ readonly status: PatrolRecord['status']; readonly checked: number }> => {
    const { patrolKey, error } = EndPatrolPayload.parse(payload);
    const plan = await vault.readJson(patrolKey, PatrolPlan);
    if (!plan) throw new Failure('storage', `${patrolKey} is not in the vault, though the plan step wrote it`);
    const findings = await vault.readJson(patrolFindingsKey(plan.name), PatrolFindings);
    const made = buildPatrolRecord({ plan, findings, finishedAt: now() });
    const record = await writeOrFind(vault, patrolRecordKey(plan.name), made, PatrolRecord);

    const mail = patrolMail(record, { vault: vault.bucket, failure: error && judgeFailure(error, undefined) });
    const told = await Promise.allSettled([
      mail ? notifier.send(mail) : undefined,
      metrics.publish(patrolMetrics(record), now()),
    ]);
    const broken = told.find((one) => one.status === 'rejected');
    if (broken)
      throw new Failure('internal', `end of patrol ${plan.name}: not everybody could be told`, { cause: broken.reason });
    return { status: record.status, checked: record.checked };
  };
