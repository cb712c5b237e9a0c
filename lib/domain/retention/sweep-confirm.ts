import { artifactKey, manifestKey, parseArtifactKey } from '../backup/keys.ts';
import type { SweepPlan } from './sweep-decision.ts';

/** The manifests of all that is to be removed. Read them once more: none of them may be there. */
export const manifestsToMiss = ({ decisions }: SweepPlan): readonly string[] => [
  ...new Set(decisions.filter(({ action }) => action === 'remove').map(({ key }) => manifestKey(artifactOf(key)))),
];

function artifactOf(key: string): string {
  const name = parseArtifactKey(key);
  return name ? artifactKey(name) : key;
}

/**
 * The plan, after a look at the manifests that the listing did not show. If one of them is there after all, the listing was not
 * whole or is out of date, and no object is removed.
 */
export function confirmSweep(plan: SweepPlan, present: ReadonlySet<string>): SweepPlan {
  const found = manifestsToMiss(plan).find((key) => present.has(key));
  if (found === undefined) return plan;
  const reason = { code: 'listing-in-doubt', text: `the listing did not show ${found}, which is there` } as const;
  const decisions = plan.decisions.map((one) => (one.action === 'remove' ? { ...one, action: 'leave' as const, reason } : one));
  const { 'no-manifest': spared = 0, ...counts } = plan.counts;
  return { decisions, counts: { ...counts, 'listing-in-doubt': (counts['listing-in-doubt'] ?? 0) + spared } };
}
