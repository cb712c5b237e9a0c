import { z } from 'zod';
import { PlanName } from '../../domain/run/plan-name.ts';
import { RUN_STATUSES } from '../../domain/run/run-record.ts';
import { SourceId } from '../../domain/source/source-id.ts';
import { SlotText } from '../../domain/time/slot.ts';
import { RUN_STATES } from '../run/run-output.ts';
import { FRESHNESS } from './freshness.ts';

const freshness = z
  .enum(FRESHNESS)
  .describe(
    '"overdue": what was due an hour ago or more is not there; "running": but its run is under way; "unscheduled": nothing is due',
  );

/** What `status --json` prints. */
export const StatusOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('status'),
  vault: z.string().describe('Name of the bucket'),
  at: z.iso.datetime().describe('When this was asked; ages count from here'),
  overdue: z.boolean().describe('Whether anything is; then the exit code is 1'),
  plans: z.array(
    z.strictObject({
      plan: PlanName,
      expression: z
        .string()
        .nullable()
        .describe('When it starts, as EventBridge Scheduler has it; null where no schedule is known'),
      timeZone: z.string().nullable(),
      enabled: z.boolean().describe('Whether anything starts it'),
      lastSlot: SlotText.nullable().describe('Of its newest run'),
      lastState: z.enum(RUN_STATES).nullable(),
      lastStatus: z.enum(RUN_STATUSES).nullable().describe('null until that run has ended'),
      lastAgeSeconds: z.number().int().nullable().describe('Since the start of that run'),
      dueAt: z.iso.datetime().nullable().describe('When it should have run last, an hour ago or more'),
      nextAt: z.iso.datetime().nullable().describe('When it starts next'),
      freshness,
    }),
  ),
  running: z
    .array(z.strictObject({ execution: z.string(), startedAt: z.iso.datetime() }))
    .nullable()
    .describe('Executions under way; null where only the vault can tell'),
  sources: z.array(
    z.strictObject({
      sourceId: SourceId,
      plan: PlanName.nullable().describe('null where no scheduled run has it'),
      newest: SlotText.nullable().describe('Slot of its newest verified backup; of dated folders the date of the newest'),
      ageSeconds: z.number().int().nullable().describe('Of that backup'),
      overdueSince: z.iso.datetime().nullable(),
      freshness,
    }),
  ),
  alarms: z
    .array(z.strictObject({ name: z.string(), since: z.iso.datetime(), description: z.string() }))
    .nullable()
    .describe('Alarms in ALARM; null where there are no alarms'),
});
export type StatusOutput = z.infer<typeof StatusOutput>;
