import { z } from 'zod';
import { PlanName } from '../../domain/run/plan-name.ts';
import { SourceId } from '../../domain/source/source-id.ts';
import { SlotText } from '../../domain/time/slot.ts';
import { FindingOutput } from '../run/run-output.ts';
import { SET_STATES } from './backup-sets.ts';
import { ListedOutput } from './list-output.ts';

/** What `list --set --json` prints. */
export const SetsOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('sets'),
  vault: z.string().describe('Name of the bucket'),
  at: z.iso.datetime().describe('When the list was made; ages count from here'),
  sets: z
    .array(
      z.strictObject({
        slot: SlotText,
        plan: PlanName,
        state: z
          .enum(SET_STATES)
          .describe('"complete": every source of the run has a verified backup; "partial": some sources that were named by hand'),
        survives: z.boolean().describe('Whether it is the newest complete set of its plan, which no keep rule removes'),
        sources: z.array(SourceId).describe('What was asked for, found sources included'),
        missing: z.array(SourceId).describe('What of it has no backup, and groups that nobody could look into'),
        backups: z.array(ListedOutput),
      }),
    )
    .describe('Newest first'),
  findings: z.array(FindingOutput).describe('Manifests that cannot be read'),
});
export type SetsOutput = z.infer<typeof SetsOutput>;
