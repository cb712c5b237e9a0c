import { z } from 'zod';
import { DrillPlan } from '../../domain/drill/drill-plan.ts';
import { DrillEvidence } from '../../domain/drill/evidence.ts';
import { FailureFacts } from '../../domain/outcomes.ts';
import { SourceId } from '../../domain/source/source-id.ts';
import { FindingOutput } from '../run/run-output.ts';
import { hasFailed } from './drill-report.ts';
import type { DrillView } from './drill-view.ts';

/** What `drill --json` and `show <drill> --json` print. */
export const DrillOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('drill'),
  vault: z.string().describe('Name of the bucket'),
  name: z.string().describe('Of the execution'),
  execution: z.string().describe('ARN of the execution'),
  trigger: DrillPlan.shape.trigger,
  reason: z.string().nullable(),
  state: z
    .enum(['running', 'ended', 'lost'])
    .describe('"ended" once it has left a record; "lost": its execution is over, and left none'),
  status: z.enum(['passed', 'failed']).nullable().describe('null until it has ended'),
  finishedAt: z.iso.datetime().nullable(),
  drills: z.array(
    z.strictObject({
      key: z.string().describe('The backup'),
      sourceId: SourceId,
      result: z.enum(['passed', 'failed']).nullable().describe('null while it is under way'),
      failure: FailureFacts.nullable(),
      evidence: DrillEvidence.nullable().describe('What it showed; null where it left nothing'),
    }),
  ),
  passedOver: DrillPlan.shape.passedOver.describe('Sources without a backup that could be drilled'),
  findings: z.array(FindingOutput).describe('Damaged records of this drill run'),
});
export type DrillOutput = z.infer<typeof DrillOutput>;

/** A view of a drill run as it is printed in JSON. */
export function drillOutput({ plan, items, ended, record, lost, findings }: DrillView, vault: string): DrillOutput {
  return {
    version: 1,
    kind: 'drill',
    vault,
    name: plan.name,
    execution: plan.execution,
    trigger: plan.trigger,
    reason: plan.reason ?? null,
    state: ended ? 'ended' : lost ? 'lost' : 'running',
    status: record?.status ?? null,
    finishedAt: record?.finishedAt ?? null,
    drills: items.map((view) => {
      const { item, evidence, recorded } = view;
      const failure = evidence?.result === 'failed' ? evidence.failure : recorded?.failure;
      return {
        key: item.key,
        sourceId: item.sourceId,
        result: hasFailed(view) ? 'failed' : (evidence?.result ?? recorded?.result ?? null),
        failure: failure ?? null,
        evidence: evidence ?? null,
      };
    }),
    passedOver: [...plan.passedOver],
    findings: [...findings],
  };
}

/** What `drill --no-wait --json` prints. */
export const DrillStartedOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('drillStarted'),
  name: z.string().describe('What show takes'),
  execution: z.string().describe('ARN of the execution'),
});
