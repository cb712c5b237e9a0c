import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { artifactKey, manifestKey, outcomeKey, planKey, tryKey } from '../../lib/domain/backup/keys.ts';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { DatabaseReceipt } from '../../lib/domain/backup/receipt.ts';
import type { Tier } from '../../lib/domain/backup/tiers.ts';
import type { Config } from '../../lib/domain/config/config.ts';
import { factsOf, type Reason } from '../../lib/domain/outcomes.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import type { SourceOutcome } from '../../lib/domain/run/source-outcome.ts';
import type { ConfiguredSource, DatabaseSource, Keep } from '../../lib/domain/source/source.ts';
import { instantOf, type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import type { MemoryVault } from './memory-vault.ts';

/** A Sunday, in Paris as in UTC. */
export const SUNDAY = slotOf(new Date('2026-04-19T02:00:00Z'));

export const execution = (name: string): string => `arn:aws:states:eu-west-3:123456789012:execution:Night:${name}`;

/** The clock of a night: so many minutes after the slot. */
export const minutesAfter = (slot: Slot, minutes: number): Date => new Date(instantOf(slot).getTime() + minutes * 60_000);

export const slotBefore = (slot: Slot, days: number): Slot => slotOf(minutesAfter(slot, -days * 1440));

export function sourceOf(id: string, facts: { readonly enabled?: boolean; readonly keep?: Keep } = {}): DatabaseSource {
  return {
    id,
    kind: 'database',
    enabled: facts.enabled ?? true,
    database: id,
    compression: 'auto',
    connection: { secret: `secret/${id}`, auth: 'password', sslMode: 'verify-full' },
    keep: facts.keep ?? { daily: '7d', weekly: '4w', monthly: '12mo' },
    limits: { lockWaitSeconds: 300, noProgressSeconds: 900, deadlineSeconds: 21_600 },
  };
}

export function configOf(sources: readonly ConfiguredSource[], facts: Partial<Config> = {}): Config {
  return {
    name: 'nightproof',
    schedule: { cron: '0 4 * * *', timeZone: 'Europe/Paris', enabled: true, startTolerance: '5m' },
    schedules: {},
    weeklyDay: 'SUN',
    notify: { email: [] },
    network: { mode: 'public', cidr: '10.86.0.0/24' },
    maxConcurrency: 4,
    volumes: {},
    restore: { targets: {} },
    drill: {
      schedule: { cron: '0 5 * * 0', timeZone: 'UTC', enabled: true },
      pick: 'latest',
      most: 10,
      exclude: [],
      probes: {},
      storageGiB: 21,
    },
    patrol: { schedule: { cron: '0 6 1 * *', timeZone: 'UTC', enabled: true }, share: '5%' },
    notCovered: [],
    sources: [...sources],
    ...facts,
  };
}

export function planOf(sources: readonly ConfiguredSource[], facts: Partial<Plan> = {}): Plan {
  const slot = facts.slot ?? SUNDAY;
  return {
    version: 1,
    slot,
    attempt: 1,
    execution: execution('first'),
    trigger: 'schedule',
    claimedAt: minutesAfter(slot, 0).toISOString(),
    leaseUntil: minutesAfter(slot, 13 * 60).toISOString(),
    timeZone: 'Europe/Paris',
    weeklyDay: 'SUN',
    sources: [...sources],
    alreadyVerified: [],
    ...facts,
  };
}

const digests = (body: Buffer) => ({
  bytes: body.length,
  sha256: createHash('sha256').update(body).digest('hex'),
  crc32: crc32(body).toString(16).padStart(8, '0'),
});

export function receiptOf(sourceId: string, slot: Slot, body: Buffer, facts: Partial<DatabaseReceipt> = {}): DatabaseReceipt {
  const table = { schema: 'public', name: 'orders', rows: 30, bytes: 900, sha256: 'a'.repeat(64) };
  return {
    kind: 'database',
    sourceId,
    slot,
    key: artifactKey({ tier: 'daily', sourceId, slot, format: 'dump' }),
    ...digests(body),
    startedAt: minutesAfter(slot, 1).toISOString(),
    finishedAt: minutesAfter(slot, 2).toISOString(),
    server: { version: '15.18', major: 15, databaseBytes: 8_000_000 },
    client: { version: '15.18', compression: 'gzip:1' },
    exitCodes: { pgDump: 0, pgRestore: 0 },
    contents: { tables: [table], largeObjects: { count: 0, bytes: 0, sha256: 'b'.repeat(64) }, sequences: 1 },
    warnings: [],
    ...facts,
  };
}

/** The manifest of a backup whose artifact has these bytes. */
export function manifestOf(sourceId: string, slot: Slot, body: Buffer, tier: Tier = 'daily'): Manifest {
  const tried = { at: minutesAfter(slot, 4).toISOString(), tryKey: tryKey(slot, sourceId, 1) };
  return {
    version: 1,
    sourceId,
    kind: 'database',
    database: sourceId,
    slot,
    tier,
    key: artifactKey({ tier, sourceId, slot, format: 'dump' }),
    proof: 'verified',
    createdAt: minutesAfter(slot, 5).toISOString(),
    receipt: receiptOf(sourceId, slot, body),
    verification: { ...tried, ...digests(body), readBack: true, tocEntries: 12 },
  };
}

/** Puts a plan down and returns its key. */
export function begun(vault: MemoryVault, plan: Plan): string {
  vault.put(planKey(plan), plan);
  return planKey(plan);
}

/** Puts a verified backup down, as the steps of a night left it, and returns its key. */
export function backup(vault: MemoryVault, sourceId: string, slot: Slot, tier: Tier = 'daily'): string {
  const body = Buffer.from(`dump of ${sourceId} at ${slot}`);
  const manifest = manifestOf(sourceId, slot, body, tier);
  vault.put(manifest.key, body);
  vault.put(manifestKey(manifest.key), manifest);
  return manifest.key;
}

export function failedTry(vault: MemoryVault, sourceId: string, slot: Slot, n: number, reason: Reason, at: Date): void {
  const failure = factsOf(reason, `try ${n} of ${sourceId}`);
  vault.put(tryKey(slot, sourceId, n), { result: 'failure', at: at.toISOString(), failure });
}

type Verified = Extract<SourceOutcome, { status: 'verified' }>;

export function verifiedOutcome(sourceId: string, slot: Slot, facts: Partial<Verified> = {}): SourceOutcome {
  return {
    status: 'verified',
    sourceId,
    slot,
    at: minutesAfter(slot, 6).toISOString(),
    manifestKey: manifestKey(artifactKey({ tier: 'daily', sourceId, slot, format: 'dump' })),
    bytes: 1_000_000,
    counts: { of: 'database', tables: 3, rows: 4200 },
    durationSeconds: 60,
    promoted: [],
    warnings: [],
    tries: 1,
    ...facts,
  };
}

export function failedOutcome(sourceId: string, slot: Slot, reason: Reason): SourceOutcome {
  const at = minutesAfter(slot, 6).toISOString();
  return { status: 'failed', sourceId, slot, at, failure: factsOf(reason, `${sourceId} could not be dumped`), tries: 1 };
}

export function settled(vault: MemoryVault, plan: Plan, outcome: SourceOutcome): void {
  vault.put(outcomeKey(plan, outcome.sourceId), outcome);
}
