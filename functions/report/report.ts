import { z } from 'zod';
import { runRecordKey } from '../../lib/domain/backup/keys.ts';
import { StepError } from '../../lib/domain/run/judge-failure.ts';
import { metricsOf } from '../../lib/domain/run/night-metrics.ts';
import { renderReport } from '../../lib/domain/run/report.ts';
import { buildRunRecord, RunRecord, type RunStatus } from '../../lib/domain/run/run-record.ts';
import { EachTried } from '../../lib/runtime/each-tried.ts';
import type { Metrics } from '../../lib/runtime/metrics.ts';
import type { Notifier } from '../../lib/runtime/notifier.ts';
import { PlanKey, readPlan } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { nightOf, type OffsiteStatus } from './night-end.ts';

const ReportPayload = z.strictObject({ planKey: PlanKey, error: StepError.optional() });

export interface ReportDependencies {
  readonly vault: Vault;
  /** Asks S3 of each key whether its copy elsewhere is there. */
  readonly offsiteStatus: OffsiteStatus;
  readonly notifier: Notifier;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/**
 * Ends a night: writes the run record, tells people, publishes the figures.
 *
 * The record comes first, since it also says that the slot is free again. Each of the three is tried whatever became of the
 * others, and only then a failure is thrown, so that neither a broken topic nor a broken vault keeps the rest silent.
 */
export const report =
  ({ vault, offsiteStatus, notifier, metrics, now }: ReportDependencies) =>
  async (payload: unknown): Promise<{ readonly status: RunStatus; readonly summary: string }> => {
    const { planKey, error } = ReportPayload.parse(payload);
    const plan = await readPlan(vault, planKey);
    const night = { ...(await nightOf({ vault, offsiteStatus }, plan, error)), finishedAt: now() };

    const each = new EachTried();
    const written = await each.try('run record', () => keep(vault, buildRunRecord(night)));
    const finishedAt = written ? new Date(written.finishedAt) : night.finishedAt;
    const { status, subject, body } = renderReport({ ...night, finishedAt, vault: vault.bucket });
    await each.try('message', () => notifier.send({ subject, body }));
    await each.try('metrics', () => metrics.publish(metricsOf(written ?? buildRunRecord(night)), now()));

    each.end('report', subject);
    return { status, summary: subject };
  };

/** Writes the run record once; a repeated call goes by the one that is there. */
async function keep(vault: Vault, record: RunRecord): Promise<RunRecord> {
  const key = runRecordKey(record);
  if ((await vault.putOnce(key, record)) === 'written') return record;
  return (await vault.readJson(key, RunRecord)) ?? record;
}
