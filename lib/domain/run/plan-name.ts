import { z } from 'zod';

/** The plan of sources that name no other. Its records carry no plan in their names. */
export const NIGHTLY = 'nightly';

/** Sources of this plan have no schedule: they run when somebody names them. */
export const MANUAL = 'manual';

/** Name of a plan: the sources that one schedule starts. It becomes part of object keys. */
export const PlanName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, {
  error: 'must be lower-case letters, digits and "-", starting with a letter, at most 31 characters',
});
export type PlanName = z.infer<typeof PlanName>;
