import type { Tier } from '../backup/tiers.ts';
import { parseKeepRule } from '../retention/keep-rule.ts';
import type { Keep } from '../source/source.ts';
import type { Config } from './config.ts';

const EXPIRING = ['daily', 'weekly', 'monthly', 'yearly'] as const satisfies readonly Tier[];

/** The least that a rule by number means in days: a backup of each period. */
const PERIOD_DAYS = { daily: 1, weekly: 7, monthly: 31, yearly: 366 } as const;

type OffsiteKeep = NonNullable<Config['offsite']>['keep'];
type ExpiringTier = (typeof EXPIRING)[number];

/** How many days the off-site bucket keeps the objects of a tier. A tier that is not here is kept there for ever, as the archive always is. */
export function offsiteLifetimes(keep: OffsiteKeep): readonly { readonly tier: ExpiringTier; readonly days: number }[] {
  return EXPIRING.flatMap((tier) => {
    const days = mostDays(keep?.[tier], tier);
    return days === undefined ? [] : [{ tier, days }];
  });
}

/**
 * Tiers that the off-site bucket would drop before the vault does. It cannot see what retention spares, the last backups of a
 * source among it, so it may at least not be shorter than any rule.
 */
export function offsiteFaults(
  keep: OffsiteKeep,
  rules: readonly (Keep | undefined)[],
): readonly { readonly tier: ExpiringTier; readonly message: string }[] {
  return offsiteLifetimes(keep).flatMap(({ tier, days }) => {
    const longest = rules.flatMap((rule) => rule?.[tier] ?? []).find((rule) => (mostDays(rule, tier) ?? Infinity) > days);
    if (longest === undefined) return [];
    return [{ tier, message: `is shorter than "${longest}", which is kept in the vault itself` }];
  });
}

/** Days that a rule stands for, at the most; undefined for none and for ever. */
function mostDays(written: string | number | undefined, tier: ExpiringTier): number | undefined {
  const rule = written === undefined ? undefined : parseKeepRule(written);
  if (!rule || rule.by === 'forever') return undefined;
  return rule.by === 'count' ? rule.count * PERIOD_DAYS[tier] : rule.days + rule.months * 31;
}
