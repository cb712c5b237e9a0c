import type { Tier } from '../../../lib/domain/backup/tiers.ts';
import type { VerifiedBackup } from '../../../lib/domain/retention/retention.ts';
import type { AskedSet } from '../../../lib/domain/retention/sets.ts';
import type { Keep } from '../../../lib/domain/source/source.ts';
import { type Slot, slotOf } from '../../../lib/domain/time/slot.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const LONGEST_RUN_HOURS = 13;

export interface Stored extends VerifiedBackup {
  readonly writtenAt: number;
  damaged: boolean;
  /** Somebody deleted the artifact and left its manifest. */
  artifactGone: boolean;
}

/** What one source has in the vault, and what its last retention record says. */
export interface SourceState {
  readonly id: string;
  backups: Stored[];
  known: readonly string[];
  recordedSets: readonly Slot[];
}

/** An object without a manifest, or an upload that was never ended. */
export interface Leftover {
  readonly key: string;
  readonly at: number;
  readonly uploadId?: string;
}

/** A run that is still at work, and what it is writing or may adopt. */
export interface RunningRun {
  readonly claim: string;
  readonly record: string;
  readonly began: number;
  readonly ends: number;
  readonly dies: boolean;
  readonly key: string;
}

/** What the next retention meets, beside the vault. */
export interface Trouble {
  clockOffset: number;
  /** Bits of the backups that the listing leaves out, by their position modulo 8. */
  hidden: number;
  /** A second planner, so many minutes later. */
  rivalMinutes: number | undefined;
}

export const NO_TROUBLE: Readonly<Trouble> = { clockOffset: 0, hidden: 0, rivalMinutes: undefined };

/** The whole vault as it truly is, by the store's own clock. */
export interface VaultState {
  time: number;
  keep: Keep;
  readonly maxRemovals: number | undefined;
  readonly sources: readonly [SourceState, SourceState];
  readonly asked: AskedSet[];
  leftovers: Leftover[];
  running: RunningRun[];
  /** Committed artifacts of runs that no retention of this model looks at. */
  readonly others: { readonly key: string; readonly at: number }[];
  readonly runDocuments: { readonly key: string; readonly at: number }[];
  trouble: Trouble;
  /** How often each danger and each safeguard was met. */
  readonly seen: Map<string, number>;
}

const source = (id: string): SourceState => ({ id, backups: [], known: [], recordedSets: [] });

export const emptyVault = (keep: Keep, maxRemovals: number | undefined, seen: Map<string, number>): VaultState => ({
  time: Date.UTC(2026, 0, 1, 2),
  keep,
  maxRemovals,
  sources: [source('app'), source('media')],
  asked: [],
  leftovers: [],
  running: [],
  others: [],
  runDocuments: [],
  trouble: { ...NO_TROUBLE },
  seen,
});

export const slotAt = (time: number): Slot => slotOf(new Date(time));

export const keyOf = (tier: Tier, sourceId: string, slot: Slot): string => `${tier}/${sourceId}_${slot}.dump`;

export function store(state: SourceState, tier: Tier, slot: Slot, writtenAt: number): string {
  const key = keyOf(tier, state.id, slot);
  if (state.backups.every((backup) => backup.key !== key))
    state.backups.push({ key, tier, slot, writtenAt, damaged: false, artifactGone: false });
  return key;
}

export const counts = (backup: Stored): boolean => !backup.damaged && !backup.artifactGone;

/** Throws with what is wrong; `expect` would take longer than the code under test, which runs some millions of times. */
export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export function note({ seen }: VaultState, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}
