import type { Keep } from './config.ts';
import { cutoff, showAge } from './cutoff.ts';
import { type KeepRule, parseKeepRule } from './keep-rule.ts';
import type { RetentionDecision, RetentionReason } from './retention-decision.ts';
import { instantOf, type Slot } from './slot.ts';
import { TIERS, type Tier } from './tiers.ts';

/** So many of a source's newest verified slots outlive every rule, in at least one copy each. */
const FLOOR = 2;

/** A clock may lag behind the newest slot by so much. */
const CLOCK_LAG_MS = 5 * 60_000;

/** Retention follows a fresh backup. Where the newest is older than this, the clock has jumped, or this is no time to remove. */
const LONGEST_SILENCE_MS = 10 * 86_400_000;

const CAP_FLOOR = 20;
const CAP_SHARE = 0.1;

/** A backup that has a verified manifest. What is being written has none, so no plan can name it. */
export interface VerifiedBackup {
  /** Key of the artifact. */
  readonly key: string;
  readonly tier: Tier;
  readonly slot: Slot;
}

export interface RetentionInput {
  readonly now: Date;
  readonly keep: Keep;
  /** All verified backups of one source, in any order. */
  readonly backups: readonly VerifiedBackup[];
  /** Removals of one run, so that a wrong listing or rule cannot take everything at once. Default: 20, or 10 % if that is more. */
  readonly maxRemovals?: number;
}

/** A backup on its way through the rules: kept for the first reasons that speak for it. */
interface Verdict {
  readonly backup: VerifiedBackup;
  readonly rule: KeepRule | undefined;
  readonly keep: boolean;
  readonly reasons: readonly RetentionReason[];
}

/**
 * Decides what to keep of one source, newest first, with the reasons for each.
 *
 * The rules judge by the slot, never by a modification time, which a copy resets. Above them stands a floor: the newest
 * `FLOOR` slots survive whatever the rules say, for after a long outage every backup is too old.
 */
export function planRetention({ now, keep, backups, maxRemovals }: RetentionInput): readonly RetentionDecision[] {
  const sorted = newestFirst(backups);
  const doubt = doubtOfClock(now, sorted[0]);
  if (doubt) return sorted.map((backup) => decision({ backup, keep: true, reasons: [doubt] }));

  const judged = withFloor(judge(sorted, keep, now));
  const cap = maxRemovals ?? Math.max(CAP_FLOOR, Math.ceil(sorted.length * CAP_SHARE));
  return withCap(judged, cap).map(decision);
}

function newestFirst(backups: readonly VerifiedBackup[]): readonly VerifiedBackup[] {
  const byKey = new Map(backups.map((backup) => [backup.key, backup]));
  const order = (a: VerifiedBackup, b: VerifiedBackup): number =>
    compare(b.slot, a.slot) || TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) || compare(a.key, b.key);
  return [...byKey.values()].sort(order);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function doubtOfClock(now: Date, newest: VerifiedBackup | undefined): RetentionReason | undefined {
  if (!newest) return undefined;
  const age = now.getTime() - instantOf(newest.slot).getTime();
  const doubt = (text: string): RetentionReason => ({ code: 'clock-in-doubt', text: `nothing is removed: ${text}` });
  if (!(age >= -CLOCK_LAG_MS)) return doubt(`the clock is behind the newest backup, ${newest.slot}`);
  if (age > LONGEST_SILENCE_MS) return doubt(`the newest backup, ${newest.slot}, is older than 10 days, or the clock is wrong`);
  return undefined;
}

/** What the rules alone say. */
function judge(sorted: readonly VerifiedBackup[], keep: Keep, now: Date): readonly Verdict[] {
  const ranks = new Map<Tier, number>();
  return sorted.map((backup) => {
    const rank = (ranks.get(backup.tier) ?? 0) + 1;
    ranks.set(backup.tier, rank);
    if (backup.tier === 'archive')
      return { backup, rule: undefined, keep: true, reasons: [{ code: 'archive', text: 'archives are never removed' }] };

    const written = keep[backup.tier];
    const rule = written === undefined ? undefined : parseKeepRule(written);
    return { backup, rule, ...verdictOf(backup, rule, rank, now) };
  });
}

function verdictOf(
  backup: VerifiedBackup,
  rule: KeepRule | undefined,
  rank: number,
  now: Date,
): Pick<Verdict, 'keep' | 'reasons'> {
  const { tier } = backup;
  const say = (keep: boolean, code: RetentionReason['code'], text: string) => ({ keep, reasons: [{ code, text }] });
  switch (rule?.by) {
    case undefined:
      return say(true, 'no-rule', `the configuration has no rule for ${tier}, so nothing there is removed`);
    case 'forever':
      return say(true, 'forever', `${tier} is kept for ever`);
    case 'count':
      return rank <= rule.count
        ? say(true, 'within-count', `number ${rank} of the ${rule.count} newest in ${tier}`)
        : say(false, 'beyond-count', `number ${rank} in ${tier}, which keeps the ${rule.count} newest`);
    case 'age':
      return instantOf(backup.slot) >= cutoff(rule, now)
        ? say(true, 'within-age', `not older than ${showAge(rule)}, the age of ${tier}`)
        : say(false, 'beyond-age', `older than ${showAge(rule)}, the age of ${tier}`);
  }
}

/** Saves one copy of each of the newest slots that the rules would lose altogether. */
function withFloor(verdicts: readonly Verdict[]): readonly Verdict[] {
  const newest = [...new Set(verdicts.map(({ backup }) => backup.slot))].slice(0, FLOOR);
  const saved = new Set(
    newest.flatMap((slot) => {
      const copies = verdicts.filter(({ backup }) => backup.slot === slot);
      return copies.some(({ keep }) => keep) ? [] : [longestLived(copies)];
    }),
  );
  const text = `one of the ${FLOOR} newest verified backups, which are never removed`;
  return verdicts.map((verdict) => (saved.has(verdict) ? spare(verdict, { code: 'floor-newest-verified', text }) : verdict));
}

/** Of the copies of one slot: the one whose own rule is the most generous, else the first, which is the daily. */
function longestLived(copies: readonly Verdict[]): Verdict | undefined {
  const allowance = ({ rule }: Verdict): number => (rule?.by === 'age' ? rule.days + rule.months * 31 : 0);
  const most = Math.max(...copies.map(allowance));
  return copies.find((copy) => allowance(copy) === most);
}

/** Lets the oldest go first; what is past the cap waits for a later run. */
function withCap(verdicts: readonly Verdict[], cap: number): readonly Verdict[] {
  const going = verdicts.filter(({ keep }) => !keep);
  const waiting = new Set(going.slice(0, Math.max(0, going.length - cap)));
  const text = `a run removes at most ${cap}, the oldest first`;
  return verdicts.map((verdict) => (waiting.has(verdict) ? spare(verdict, { code: 'removal-cap', text }) : verdict));
}

const spare = (verdict: Verdict, reason: RetentionReason): Verdict => ({
  ...verdict,
  keep: true,
  reasons: [...verdict.reasons, reason],
});

const decision = ({ backup, keep, reasons }: Pick<Verdict, 'backup' | 'keep' | 'reasons'>): RetentionDecision => ({
  key: backup.key,
  tier: backup.tier,
  slot: backup.slot,
  action: keep ? 'keep' : 'remove',
  reasons: [...reasons],
});
