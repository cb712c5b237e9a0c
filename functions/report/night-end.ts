import { outcomeKey, refusalsKey, retentionKey, runRecordKey, sweepKey } from '../../lib/domain/backup/keys.ts';
import { RetentionRecord, RetentionRefusals } from '../../lib/domain/retention/retention-record.ts';
import { summarizeRetention } from '../../lib/domain/retention/retention-summary.ts';
import { SweepRecord } from '../../lib/domain/retention/sweep-record.ts';
import { summarizeSweep } from '../../lib/domain/retention/sweep-summary.ts';
import { judgeFailure, type StepError } from '../../lib/domain/run/judge-failure.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { NIGHTLY } from '../../lib/domain/run/plan-name.ts';
import { groupsOf, jobsOf } from '../../lib/domain/run/plan-night.ts';
import { type NightEnd, RunRecord } from '../../lib/domain/run/run-record.ts';
import { SourceOutcome } from '../../lib/domain/run/source-outcome.ts';
import { type OffsiteSummary, offsiteKeysOf } from '../../lib/domain/store/offsite.ts';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import { pastRuns } from '../../lib/runtime/past-runs.ts';
import { readFound } from '../../lib/runtime/run-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

/** Says of each key whether its copy elsewhere is there. */
export type OffsiteStatus = (keys: readonly string[]) => Promise<OffsiteSummary>;

export interface NightSources {
  readonly vault: Vault;
  readonly offsiteStatus: OffsiteStatus;
}

/** All that the vault knows of a night, and what the state machine caught. */
export async function nightOf(
  { vault, offsiteStatus }: NightSources,
  plan: Plan,
  error: StepError | undefined,
): Promise<Omit<NightEnd, 'finishedAt'>> {
  const found = await readFound(vault, plan);
  const asked = [...jobsOf(plan, found), ...groupsOf(plan).filter(({ id }) => !found || found.failedGroups.includes(id))];
  const outcomes = await inTurn(asked, ({ id }) => vault.readJson(outcomeKey(plan, id), SourceOutcome));
  const known = outcomes.flatMap((outcome) => outcome ?? []);
  const caught = error && judgeFailure(error, undefined);
  const retention = summarizeRetention(
    await vault.readJson(retentionKey(plan), RetentionRecord),
    await vault.readJson(refusalsKey(plan), RetentionRefusals),
    caught,
  );
  const swept = await vault.readJson(sweepKey(plan), SweepRecord);
  const offsite = plan.offsite ? await arrivedOffsite(vault, offsiteStatus, plan) : undefined;
  // with every outcome there, only what comes after can have failed: the backups are good
  const whole = known.length === asked.length;
  return {
    plan,
    ...(found && { found }),
    outcomes: known,
    retention,
    ...(swept && { sweep: summarizeSweep(swept) }),
    ...(offsite && { offsite }),
    ...(caught && !whole && { failure: caught }),
  };
}

/** Whether what the run before wrote has arrived; a day is enough for S3, and tonight's has had no time yet. */
async function arrivedOffsite(
  vault: Vault,
  status: OffsiteStatus,
  { plan = NIGHTLY, slot }: Plan,
): Promise<OffsiteSummary | undefined> {
  for await (const run of pastRuns(vault, plan, slot)) {
    if (run.slot === slot) continue;
    const attempt = run.keys.filter((key) => /\/plan(?:\.\d+)?\.json$/.test(key)).length;
    const record = await vault.readJson(runRecordKey({ slot: run.slot, plan, attempt }), RunRecord);
    if (record) return status(offsiteKeysOf(record));
  }
  return undefined;
}
