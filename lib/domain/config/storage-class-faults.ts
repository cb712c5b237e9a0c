import { parseKeepRule } from '../retention/keep-rule.ts';
import type { Keep, StorageClasses } from '../source/source.ts';
import { STORAGE_CLASS_FACTS, type StorageClass } from '../source/storage-class.ts';

/**
 * Storage classes in which the copies of a tier would be removed before the time that S3 bills for anyway. A rule by number is
 * judged by its period: four weekly copies live 28 days.
 */
export function storageClassFaults(
  classes: StorageClasses | undefined,
  keep: Keep | undefined,
): readonly { readonly tier: string; readonly message: string }[] {
  if (!classes || !keep) return [];
  return (['weekly', 'monthly', 'yearly'] as const).flatMap((tier) => {
    const storageClass: StorageClass | undefined = classes[tier];
    const days = daysKept(keep[tier], PERIOD_DAYS[tier]);
    const { minDays } = STORAGE_CLASS_FACTS[storageClass ?? 'STANDARD'];
    if (days === undefined || days >= minDays) return [];
    return [
      {
        tier,
        message: `${storageClass} is billed for at least ${minDays} days, but ${tier} copies are kept for ${days}; keep them longer, or choose STANDARD or INTELLIGENT_TIERING`,
      },
    ];
  });
}

const PERIOD_DAYS = { weekly: 7, monthly: 28, yearly: 365 } as const;

/** The least that a copy lives; undefined where there are no copies, or no end. */
function daysKept(written: string | number | undefined, period: number): number | undefined {
  const rule = written === undefined ? undefined : parseKeepRule(written);
  if (!rule || rule.by === 'forever') return undefined;
  return rule.by === 'count' ? rule.count * period : rule.days + rule.months * 28;
}
