import { parseArtifactKey, stemOf } from '../../lib/domain/backup/keys.ts';
import {
  drillPlanKey,
  drillRecordKey,
  evidenceKey,
  restoreItemKey,
  restorePlanKey,
  restoreProgressKey,
  restoreRecordKey,
} from '../../lib/domain/backup/operation-keys.ts';
import type { DrillPlan } from '../../lib/domain/drill/drill-plan.ts';
import { type DrillEvidence, type DrillRecord, restoreSeconds } from '../../lib/domain/drill/evidence.ts';
import { factsOf, type Reason } from '../../lib/domain/outcomes.ts';
import type { RestoreItem, RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import type { RestoreItemRecord, RestoreProgress, RestoreRecord } from '../../lib/domain/restore/restore-record.ts';
import { RestoreRequest } from '../../lib/domain/restore/restore-request.ts';
import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import type { MemoryVault } from '../support/memory-vault.ts';
import { execution, minutesAfter, SUNDAY } from '../support/night.ts';

/** As the rig names what it starts. */
export const RESTORE = 'restore-20260419T090000Z-cafe0001';
export const DRILL = 'drill-20260419T090000Z-cafe0001';

/** The clock of a restore or a drill: so many seconds after it began. */
export const secondsAfter = (seconds: number): Date => minutesAfter(SUNDAY, 7 * 60 + seconds / 60);

type Target = RestorePlan['target'];

const TARGET: Target = { production: false, services: [], before: { sql: [] }, after: { sql: [] } };

export const databaseItem = (n: number, sourceId: string): RestoreItem => ({
  n,
  key: `daily/${sourceId}_${SUNDAY}.dump`,
  sourceId,
  kind: 'database',
  database: sourceId,
  mode: 'swap',
  owners: true,
  compare: true,
});

export function restorePlan(vault: MemoryVault, items: readonly RestoreItem[], target: Partial<Target> = {}): RestorePlan {
  const backup = { key: items[0]?.key ?? '' };
  const plan: RestorePlan = {
    version: 1,
    name: RESTORE,
    execution: execution(RESTORE),
    stamp: slotOf(secondsAfter(0)),
    requestedAt: secondsAfter(0).toISOString(),
    request: RestoreRequest.parse({ backup, target: 'staging', confirm: 'staging/app', reason: 'rehearsal' }),
    targetName: 'staging',
    target: { ...TARGET, ...target },
    items: [...items],
  };
  vault.put(restorePlanKey(RESTORE), plan);
  return plan;
}

/** A look of the task at itself, so many seconds after the beginning. */
export function progressed(vault: MemoryVault, n: number, seconds: number, facts: Partial<RestoreProgress>): void {
  const at = secondsAfter(seconds).toISOString();
  vault.put(restoreProgressKey(RESTORE, n, seconds), { version: 1, at, phase: 'restore', bytes: 0, totalBytes: 0, ...facts });
}

type Restored = Extract<RestoreItemRecord, { result: 'restored' }>;

export function restoredItem(vault: MemoryVault, item: RestoreItem, facts: Partial<Restored> = {}): RestoreItemRecord {
  const record: RestoreItemRecord = {
    version: 1,
    result: 'restored',
    at: secondsAfter(80).toISOString(),
    item,
    bytes: 1_000_000,
    seconds: { verify: 3, restore: 45, compare: 20.4 },
    restored: {
      kind: 'database',
      database: 'app',
      before: 'app_before_20260419_090000',
      server: { version: '17.2' },
      tables: 12,
      rows: 1_204_331,
      compared: true,
    },
    warnings: [],
    ...facts,
  };
  vault.put(restoreItemKey(RESTORE, item.n), record);
  return record;
}

export function failedItem(
  vault: MemoryVault,
  item: RestoreItem,
  reason: Reason,
  detail: string,
  left?: string,
): RestoreItemRecord {
  const record: RestoreItemRecord = {
    version: 1,
    result: 'failed',
    at: secondsAfter(80).toISOString(),
    item,
    phase: 'restore',
    failure: factsOf(reason, detail),
    ...(left !== undefined && { left }),
  };
  vault.put(restoreItemKey(RESTORE, item.n), record);
  return record;
}

export function restoreEnded(
  vault: MemoryVault,
  plan: RestorePlan,
  items: readonly RestoreItemRecord[],
  facts: Partial<RestoreRecord> = {},
): void {
  const { target: _, identity: __, items: ___, ...asked } = plan;
  const failed = items.some(({ result }) => result === 'failed');
  vault.put(restoreRecordKey(RESTORE), {
    ...asked,
    finishedAt: secondsAfter(95).toISOString(),
    status: failed ? 'failed' : 'restored',
    items: [...items],
    services: [],
    ...facts,
  } satisfies RestoreRecord);
}

const SHA = 'd'.repeat(64);

/** Puts evidence of a drill down, as its task left it. */
export function drilled(vault: MemoryVault, key: string, at: Slot, facts: Partial<DrillEvidence> = {}): DrillEvidence {
  const name = parseArtifactKey(key);
  if (!name) throw new Error(`${key} is no key of a backup`);
  const evidence = {
    version: 1,
    key,
    sourceId: name.sourceId,
    kind: 'database',
    slot: name.slot,
    sha256: SHA,
    at: minutesAfter(at, 3).toISOString(),
    seconds: { fetch: 2, server: 1.5, restore: 30, compare: 12 },
    server: { version: '17.2' },
    compared: { tables: 12, rows: 1_204_331, files: 0, bytes: 90_000_000 },
    skipped: [],
    probes: [],
    warnings: [],
    result: 'passed',
    ...facts,
  } as DrillEvidence;
  vault.put(evidenceKey(stemOf(name), at), evidence);
  return evidence;
}

export const differs = (table: string, difference: string): Partial<DrillEvidence> => ({
  result: 'failed',
  phase: 'compare',
  failure: factsOf('difference', `1 table differs: ${table}`),
  differences: [{ what: table, difference }],
});

export function drillPlan(vault: MemoryVault, keys: readonly string[], facts: Partial<DrillPlan> = {}): DrillPlan {
  const stamp = slotOf(secondsAfter(0));
  const plan: DrillPlan = {
    version: 1,
    name: DRILL,
    execution: execution(DRILL),
    stamp,
    trigger: 'manual',
    items: keys.map((key, n) => {
      const name = parseArtifactKey(key);
      if (!name) throw new Error(`${key} is no key of a backup`);
      return { n, key, sourceId: name.sourceId, evidenceKey: evidenceKey(stemOf(name), stamp), probes: [] };
    }),
    passedOver: [],
    ...facts,
  };
  vault.put(drillPlanKey(DRILL), plan);
  return plan;
}

/** Ends a drill run as its last step does; what left no evidence vanished. */
export function drillEnded(vault: MemoryVault, plan: DrillPlan, evidence: readonly DrillEvidence[]): void {
  const drills = plan.items.map(({ key, sourceId, evidenceKey: where }) => {
    const found = evidence.find((one) => one.key === key);
    const failure = found ? (found.result === 'failed' ? found.failure : undefined) : factsOf('interrupted', `no word of ${key}`);
    return {
      key,
      sourceId,
      result: failure ? ('failed' as const) : ('passed' as const),
      restoreSeconds: found ? restoreSeconds(found) : 0,
      ...(failure && { failure }),
      evidenceKey: where,
    };
  });
  vault.put(drillRecordKey(DRILL), {
    version: 1,
    name: plan.name,
    execution: plan.execution,
    stamp: plan.stamp,
    trigger: plan.trigger,
    finishedAt: secondsAfter(120).toISOString(),
    status: drills.every(({ result }) => result === 'passed') ? 'passed' : 'failed',
    drills,
  } satisfies DrillRecord);
}
