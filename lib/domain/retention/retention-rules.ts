import { TIERS, type Tier } from '../backup/tiers.ts';
import type { Keep } from '../source/source.ts';
import { instantOf, type Slot } from '../time/slot.ts';
import { cutoff, keptUntil, showAge } from './cutoff.ts';
import { type KeepRule, parseKeepRule } from './keep-rule.ts';
import type { RetentionCode, RetentionReason } from './retention-decision.ts';

/** A backup that has a verified manifest. What is being written has none, so no plan can name it. */
export interface VerifiedBackup {
  /** Key of the artifact. */
  readonly key: string;
  readonly tier: Tier;
  /** The slot of its run; in the archive, the date of its data. */
  readonly slot: Slot;
  /** Its artifact is gone, or was found to be corrupt: its manifest is not to be believed any more. */
  readonly damaged?: boolean;
}

/** A backup on its way through the rules: kept for the first reasons that speak for it. */
export interface Verdict {
  readonly backup: VerifiedBackup;
  readonly keep: boolean;
  readonly reasons: readonly RetentionReason[];
}

type Rule = (backup: VerifiedBackup, rank: number) => Pick<Verdict, 'keep' | 'reasons'>;

/** What the rules alone say of backups that come newest first. */
export function judge(sorted: readonly VerifiedBackup[], keep: Partial<Keep>, now: Date): readonly Verdict[] {
  const rules = new Map<Tier, Rule>(TIERS.map((tier) => [tier, ruleOf(tier, keep, now)]));
  const ranks = new Map<Tier, number>();
  return sorted.map((backup) => {
    const { tier } = backup;
    if (backup.damaged) return { backup, ...DAMAGED };
    const rank = (ranks.get(tier) ?? 0) + 1;
    ranks.set(tier, rank);
    return { backup, ...(rules.get(tier) as Rule)(backup, rank) };
  });
}

const say = (keep: boolean, code: RetentionCode, text: string) => ({ keep, reasons: [{ code, text }] });

const DAMAGED = say(true, 'damaged', 'it restores no more: it counts for nothing, and is left for people to look at');

function ruleOf(tier: Tier, keep: Partial<Keep>, now: Date): Rule {
  if (tier === 'archive') return always('archive', 'archives are never removed');
  const rule = ruleFor(tier, keep);
  switch (rule?.by) {
    case undefined:
      return always('no-rule', `the configuration has no rule for ${tier}, so nothing there is removed`);
    case 'forever':
      return always('forever', `${tier} is kept for ever`);
    case 'count':
      return (_, rank) =>
        rank <= rule.count
          ? say(true, 'within-count', `number ${rank} of the ${rule.count} newest in ${tier}`)
          : say(false, 'beyond-count', `number ${rank} in ${tier}, which keeps the ${rule.count} newest`);
    case 'age': {
      const limit = cutoff(rule, now);
      const within = say(true, 'within-age', `not older than ${showAge(rule)}, the age of ${tier}`);
      const beyond = say(false, 'beyond-age', `older than ${showAge(rule)}, the age of ${tier}`);
      return ({ slot }) => (instantOf(slot) >= limit ? within : beyond);
    }
  }
}

function always(code: RetentionCode, text: string): Rule {
  const verdict = say(true, code, text);
  return () => verdict;
}

function ruleFor(tier: Tier, keep: Partial<Keep>): KeepRule | undefined {
  const written = tier === 'archive' ? undefined : keep[tier];
  return written === undefined ? undefined : parseKeepRule(written);
}

/**
 * Until when the rules keep a backup; undefined where time alone does not end it: a count, "forever", no rule, the archive.
 * Floors, the cap and a run that does not take place may keep it longer, nothing shorter.
 */
export function retentionUntil({ tier, slot }: Pick<VerifiedBackup, 'tier' | 'slot'>, keep: Partial<Keep>): Date | undefined {
  const rule = ruleFor(tier, keep);
  return rule?.by === 'age' ? keptUntil(rule, instantOf(slot)) : undefined;
}
