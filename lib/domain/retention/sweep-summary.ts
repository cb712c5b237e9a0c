import { z } from 'zod';
import { plural } from '../plain-text.ts';
import type { SweepPlan } from './sweep-decision.ts';

/** How many keys a warning names. */
const NAMED = 5;

const count = z.number().int().nonnegative();

/** What the run record and the report say of the sweep. */
export const SweepSummary = z.strictObject({ removed: count, aborted: count, warnings: z.array(z.string()) });
export type SweepSummary = z.infer<typeof SweepSummary>;

export function summarizeSweep({ decisions, counts }: SweepPlan): SweepSummary {
  const gone = decisions.filter(({ reason }) => reason.code === 'damaged');
  const warnings = [
    ...(counts.damaged === undefined
      ? []
      : [`${plural(counts.damaged, 'manifest')} without an artifact: nothing can be restored from ${named(gone)}`]),
    ...(counts['listing-in-doubt'] === undefined ? [] : ['nothing was swept: the listing of the vault cannot be trusted']),
  ];
  return { removed: counts['no-manifest'] ?? 0, aborted: counts['upload-abandoned'] ?? 0, warnings };
}

function named(decisions: SweepPlan['decisions']): string {
  const keys = decisions.slice(0, NAMED).map(({ key }) => key);
  return `${keys.join(', ')}${decisions.length > NAMED ? ', ...' : ''}`;
}
