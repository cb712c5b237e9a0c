import { patrolFindingsKey } from '../../lib/domain/backup/operation-keys.ts';
import { Failure, type FailureFacts, factsOfThrown } from '../../lib/domain/outcomes.ts';
import { type PatrolFinding, type PatrolFindings, PatrolPlan } from '../../lib/domain/patrol/patrol-plan.ts';
import { TASK_EXIT } from '../../lib/domain/run/task-exit.ts';
import type { PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { deepVerify } from '../../lib/runtime/verify/deep-verify.ts';
import { recordDamage } from '../../lib/runtime/verify/record-damage.ts';

export interface PatrolDependencies {
  readonly vault: Vault;
  readonly clients: readonly PostgresClient[];
  readonly now: () => Date;
  /** Fires with a `Failure` when the task is told to stop. */
  readonly stop: AbortSignal;
  readonly report: PatrolReport;
}

/** Where the task tells what it does, for the log. */
export interface PatrolReport {
  started(plan: PatrolPlan): void;
  checked(finding: PatrolFinding): void;
  /** The damage could not be written down beside the backup; the patrol's findings have it all the same. */
  unrecorded(key: string, failure: FailureFacts): void;
  failed(failure: FailureFacts): void;
}

/**
 * Reads the backups of a patrol's plan again, one after the other, writes beside each damaged one that it is, and at the end what
 * it found. Told to stop, it writes down what it has. Returns the exit code of the task; damage is a finding, and no failure of it.
 */
export async function patrolTask(patrolKey: string, deps: PatrolDependencies): Promise<number> {
  const { vault, stop, report } = deps;
  try {
    const plan = await vault.readJson(patrolKey, PatrolPlan);
    if (!plan) throw new Failure('storage', `${patrolKey} is not in the vault, though the plan step wrote it`);
    const key = patrolFindingsKey(plan.name);
    // an earlier try came as far as this
    if (await vault.head(key)) return TASK_EXIT.done;
    report.started(plan);
    const findings = await findingsOf(plan, deps);
    await vault.putOnce(key, { version: 1, findings: [...findings] } satisfies PatrolFindings);
    return stop.aborted ? TASK_EXIT.cancelled : TASK_EXIT.done;
  } catch (thrown) {
    const failure = factsOfThrown(thrown, 'patrol task');
    report.failed(failure);
    return failure.retryable ? TASK_EXIT.tryAgain : TASK_EXIT.failed;
  }
}

async function findingsOf({ keys }: PatrolPlan, deps: PatrolDependencies): Promise<readonly PatrolFinding[]> {
  const findings: PatrolFinding[] = [];
  for (const key of keys) {
    if (deps.stop.aborted) break;
    const finding = await findingOf(key, deps);
    if (!finding) break;
    deps.report.checked(finding);
    findings.push(finding);
  }
  return findings;
}

/** Undefined where the task was told to stop meanwhile. */
async function findingOf(key: string, deps: PatrolDependencies): Promise<PatrolFinding | undefined> {
  const { vault, clients, now, stop, report } = deps;
  let finding: PatrolFinding;
  try {
    finding = { key, ...(await deepVerify(key, { vault, clients, signal: stop })) };
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  }
  if (finding.result === 'damaged') {
    const damage = { key, foundAt: now().toISOString(), foundBy: 'patrol', problem: finding.problem } as const;
    await recordDamage(vault, damage).catch((error: unknown) => report.unrecorded(key, factsOfThrown(error, 'patrol task')));
  }
  return finding;
}
