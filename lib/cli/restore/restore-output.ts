import { z } from 'zod';
import { FailureFacts } from '../../domain/outcomes.ts';

import { RESTORE_STATUSES, RestoreItemRecord, RestoreProgress, RestoreRecord } from '../../domain/restore/restore-record.ts';
import { RestoreRequest } from '../../domain/restore/restore-request.ts';
import { SOURCE_KINDS } from '../../domain/source/source.ts';
import { SourceId } from '../../domain/source/source-id.ts';
import { FindingOutput } from '../run/run-output.ts';
import type { RestoreView } from './restore-view.ts';

/** What `restore --json` and `show <restore> --json` print. */
export const RestoreOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('restore'),
  vault: z.string().describe('Name of the bucket'),
  name: z.string().describe('Of the execution; its records lie under restores/<name>'),
  execution: z.string().describe('ARN of the execution'),
  state: z
    .enum(['running', 'ended', 'lost'])
    .describe('"ended" once it has left a record; "lost": its execution is over, and left none'),
  status: z.enum(RESTORE_STATUSES).nullable().describe('null until it has ended'),
  target: z.string(),
  request: RestoreRequest.describe('What was asked for'),
  requestedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  items: z.array(
    z.strictObject({
      key: z.string().describe('The backup'),
      sourceId: SourceId,
      kind: z.enum(SOURCE_KINDS),
      progress: RestoreProgress.nullable().describe('How far it is; null where nothing is known, or it is over'),
      record: RestoreItemRecord.nullable().describe('What became of it; null until it is known'),
    }),
  ),
  services: RestoreRecord.shape.services,
  failure: FailureFacts.nullable().describe('What went wrong apart from the items: hooks, services, the probe'),
  findings: z.array(FindingOutput).describe('Damaged records of this restore'),
});
export type RestoreOutput = z.infer<typeof RestoreOutput>;

/** A view of a restore as it is printed in JSON. */
export function restoreOutput({ plan, items, ended, record, lost, findings }: RestoreView, vault: string): RestoreOutput {
  return {
    version: 1,
    kind: 'restore',
    vault,
    name: plan.name,
    execution: plan.execution,
    state: ended ? 'ended' : lost ? 'lost' : 'running',
    status: record?.status ?? null,
    target: plan.targetName,
    request: plan.request,
    requestedAt: plan.requestedAt,
    finishedAt: record?.finishedAt ?? null,
    items: items.map(({ item, progress, record: known }) => {
      const { bytesPerSecond: _, ...rest } = progress ?? {};
      return {
        key: item.key,
        sourceId: item.sourceId,
        kind: item.kind,
        progress: progress ? (rest as RestoreProgress) : null,
        record: known ?? null,
      };
    }),
    services: record?.services ?? [],
    failure: record?.failure ?? null,
    findings: [...findings],
  };
}

/** What `restore --no-wait --json` prints. */
export const RestoreStartedOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('restoreStarted'),
  name: z.string().describe('What show takes'),
  execution: z.string().describe('ARN of the execution'),
});

/** What `restore --dry-run --json` prints. */
export const RestoreDryRunOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('restoreDryRun'),
  vault: z.string().describe('Name of the bucket'),
  keys: z.array(z.string()).describe('The backups that would be restored'),
  request: RestoreRequest.describe('What the state machine would be started with, but for "confirm"'),
  confirm: z.string().describe('What would have to be typed, or given as --confirm'),
});
