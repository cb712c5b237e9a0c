import type { Run } from '../../domain/backup/keys.ts';
import { NIGHTLY, type PlanName } from '../../domain/run/plan-name.ts';
import type { Slot } from '../../domain/time/slot.ts';

/** The plan that a run belongs to: its records name only others than the nightly one. */
export const planNameOf = ({ plan = NIGHTLY }: Pick<Run, 'plan'>): PlanName => plan;

/** A run by its slot, with its plan where that is not the nightly one. */
export const runOf = (slot: Slot, plan: PlanName): Run => (plan === NIGHTLY ? { slot } : { slot, plan });

/** A run as sentences name it: `20260419_020000`, `20260419_030000 of plan media`. */
export const showRunName = ({ slot, plan }: Run): string => `${slot}${plan === undefined ? '' : ` of plan ${plan}`}`;

/** The option that tells a run of this plan from others, as ` --plan media`; empty for the nightly one. */
export const planFlag = (run: Pick<Run, 'plan'>): string => {
  const plan = planNameOf(run);
  return plan === NIGHTLY ? '' : ` --plan ${plan}`;
};
