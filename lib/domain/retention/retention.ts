import { TIERS } from '../backup/tiers.ts';
import type { Keep } from '../source/source.ts';
import { instantOf, type Slot } from '../time/slot.ts';
import type { RetentionCode, RetentionDecision, RetentionReason } from './retention-decision.ts';
import { judge, retentionUntil, type Verdict, type VerifiedBackup } from './retention-rules.ts';

export type { VerifiedBackup } from './retention-rules.ts';

/** So many of a source's newest verified slots outlive every rule, in at least one copy each. */
const FLOOR = 2;

/** A clock may lag behind the newest slot by so much. */
const CLOCK_LAG_MS = 5 * 60_000;

/** Retention follows a fresh backup. Where the newest is older than this, the clock has jumped, or this is no time to remove. */
const LONGEST_SILENCE_MS = 10 * 86_400_000;

const CAP_FLOOR = 20;
const CAP_SHARE = 0.1;

export interface RetentionInput {
  readonly now: Date;
  /** Keep rules of the source, as written. A tier without one is kept whole. */
  readonly keep: Partial<Keep>;
  /** All verified backups of one source, in any order. */
  readonly backups: readonly VerifiedBackup[];
  /** Slots of sets that must survive: for each plan the newest complete one, and those that the last record names. */
  readonly sets?: readonly Slot[];
  /** Why the listing may not be whole, as `doubtOfListing` says it. Then nothing is removed. */
  readonly doubt?: string;
  /** Removals of one run, so that a wrong listing or rule cannot take everything at once. Default: 20, or 10 % if that is more. */
  readonly maxRemovals?: number;
}

/**
 * Decides what to keep of one source, newest first, with the reasons for each.
 *
 * The rules judge by the slot, never by a modification time, which a copy resets. Above them stands a floor: the newest
 * `FLOOR` slots and the newest complete sets survive whatever the rules say, for after a long outage every backup is too old.
 */
export function planRetention(input: RetentionInput): readonly RetentionDecision[] {
  const { now, keep, backups, sets = [], maxRemovals } = input;
  const sorted = newestFirst(backups);
  const doubt = doubtOf(input, sorted);
  if (doubt) return sorted.map((backup) => decision({ backup, keep: true, reasons: [doubt] }));

  const judged = judge(sorted, keep, now);
  const copies = copiesBySlot(judged);
  const newest = withFloor(judged, copies, [...copies.keys()].slice(0, FLOOR), keep, NEWEST);
  const whole = withFloor(newest, copies, sets, keep, SET);
  return withCap(whole, maxRemovals ?? Math.max(CAP_FLOOR, Math.ceil(sorted.length * CAP_SHARE))).map(decision);
}

const NEWEST: RetentionReason = {
  code: 'floor-newest-verified',
  text: `one of the ${FLOOR} newest verified backups, which are never removed`,
};
const SET: RetentionReason = { code: 'floor-newest-set', text: 'part of the newest complete set, which is never removed' };

function newestFirst(backups: readonly VerifiedBackup[]): readonly VerifiedBackup[] {
  const byKey = new Map(backups.map((backup) => [backup.key, backup]));
  const order = (a: VerifiedBackup, b: VerifiedBackup): number =>
    compare(b.slot, a.slot) || TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) || compare(a.key, b.key);
  return [...byKey.values()].sort(order);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function doubtOf({ doubt, now }: RetentionInput, sorted: readonly VerifiedBackup[]): RetentionReason | undefined {
  if (doubt !== undefined) return { code: 'listing-in-doubt', text: `nothing is removed: ${doubt}` };
  // the date of an archive is that of its data, which says nothing of the clock
  return doubtOfClock(now, sorted.find(({ tier, damaged }) => tier !== 'archive' && !damaged)?.slot);
}

function doubtOfClock(now: Date, newest: Slot | undefined): RetentionReason | undefined {
  if (!newest) return undefined;
  const age = now.getTime() - instantOf(newest).getTime();
  const doubt = (text: string): RetentionReason => ({ code: 'clock-in-doubt', text: `nothing is removed: ${text}` });
  if (!(age >= -CLOCK_LAG_MS)) return doubt(`the clock is behind the newest backup, ${newest}`);
  if (age > LONGEST_SILENCE_MS) return doubt(`the newest backup, ${newest}, is older than 10 days, or the clock is wrong`);
  return undefined;
}

/** The copies that count, by slot, newest first. */
function copiesBySlot(verdicts: readonly Verdict[]): ReadonlyMap<Slot, readonly Verdict[]> {
  const copies = new Map<Slot, Verdict[]>();
  for (const verdict of verdicts) {
    if (verdict.backup.damaged) continue;
    const same = copies.get(verdict.backup.slot);
    if (same) same.push(verdict);
    else copies.set(verdict.backup.slot, [verdict]);
  }
  return copies;
}

/**
 * Saves one copy of each of these slots: always the same one, whatever the rules say of the others. Two planners that see
 * different parts of the vault, or that run at different times, so never take one copy each.
 */
function withFloor(
  verdicts: readonly Verdict[],
  copies: ReadonlyMap<Slot, readonly Verdict[]>,
  slots: readonly Slot[],
  keep: Partial<Keep>,
  reason: RetentionReason,
): readonly Verdict[] {
  const saved = new Set(slots.map((slot) => longestLived(copies.get(slot) ?? [], keep)?.key));
  return verdicts.map((verdict) => (!verdict.keep && saved.has(verdict.backup.key) ? spare(verdict, reason) : verdict));
}

const TIMELESS: readonly (RetentionCode | undefined)[] = ['archive', 'forever', 'no-rule'];

/** Of the copies of one slot: the one that the rules keep the longest, else the first, which is the daily. */
function longestLived(copies: readonly Verdict[], keep: Partial<Keep>): VerifiedBackup | undefined {
  const until = ({ backup, reasons }: Verdict): number =>
    TIMELESS.includes(reasons[0]?.code) ? Infinity : (retentionUntil(backup, keep)?.getTime() ?? -Infinity);
  if (copies.length < 2) return copies[0]?.backup;
  const most = Math.max(...copies.map(until));
  return copies.find((copy) => until(copy) === most)?.backup;
}

/** Lets the oldest go first; what is past the cap waits for a later run. */
function withCap(verdicts: readonly Verdict[], cap: number): readonly Verdict[] {
  const going = verdicts.filter(({ keep }) => !keep);
  const waiting = new Set(going.slice(0, Math.max(0, going.length - cap)));
  const reason: RetentionReason = { code: 'removal-cap', text: `a run removes at most ${cap}, the oldest first` };
  return verdicts.map((verdict) => (waiting.has(verdict) ? spare(verdict, reason) : verdict));
}

const spare = (verdict: Verdict, reason: RetentionReason): Verdict => ({
  ...verdict,
  keep: true,
  reasons: [...verdict.reasons, reason],
});

const decision = ({ backup, keep, reasons }: Verdict): RetentionDecision => ({
  key: backup.key,
  tier: backup.tier,
  slot: backup.slot,
  action: keep ? 'keep' : 'remove',
  reasons: [...reasons],
});
