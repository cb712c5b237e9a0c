import { z } from 'zod';
import { CHECK_STATES } from '../place/operations.ts';

/** What `doctor --json` prints. */
export const DoctorOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('doctor'),
  place: z.string().describe('What was looked at, as "stack nightproof"'),
  at: z.iso.datetime(),
  bad: z.number().int().nonnegative().describe('How many checks are; with any the exit code is 1'),
  checks: z.array(
    z.strictObject({
      what: z.string(),
      state: z.enum(CHECK_STATES).describe('"unchecked": the place has no such part'),
      text: z.string(),
      remedy: z.string().nullable().describe('What to do about what is bad'),
    }),
  ),
});
export type DoctorOutput = z.infer<typeof DoctorOutput>;
