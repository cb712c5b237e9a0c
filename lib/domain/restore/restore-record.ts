import { z } from 'zod';
import { FailureFacts } from '../outcomes.ts';
import { RestoreItem, RestorePlan } from './restore-plan.ts';
import { EcsService } from './restore-target.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

/** What became of a restored database. */
const RestoredDatabase = z.strictObject({
  kind: z.literal('database'),
  /** The name under which it is now. */
  database: z.string(),
  /** After a swap: the name under which the former one is kept. */
  before: z.string().optional(),
  server: z.strictObject({ version: z.string() }),
  tables: count,
  rows: count,
  /** Whether it was dumped again and every table had the contents of the manifest. */
  compared: z.boolean(),
});

const RestoredGlobals = z.strictObject({
  kind: z.literal('globals'),
  statements: count,
  /** Roles that were there already. */
  skippedRoles: z.array(z.string()),
});

const RestoredTree = z.strictObject({
  kind: z.literal('tree'),
  folder: z.string(),
  /** Where a folder was replaced: the name under which it is kept. */
  before: z.string().optional(),
  files: count,
  /** Members that are never made: devices, named pipes. */
  skipped: count,
});

const timing = z.strictObject({ verify: seconds, restore: seconds, compare: seconds });

/** What became of one item: `restores/<name>/<n>.json`, written by the task whatever happened. */
export const RestoreItemRecord = z.discriminatedUnion('result', [
  z.strictObject({
    version: z.literal(1),
    result: z.literal('restored'),
    at: z.iso.datetime(),
    item: RestoreItem,
    /** Stored bytes that were read and restored. */
    bytes: count,
    seconds: timing,
    restored: z.discriminatedUnion('kind', [RestoredDatabase, RestoredGlobals, RestoredTree]),
    warnings: z.array(z.string()),
  }),
  z.strictObject({
    version: z.literal(1),
    result: z.literal('failed'),
    at: z.iso.datetime(),
    item: RestoreItem,
    /** How far it came. */
    phase: z.string(),
    failure: FailureFacts,
    /** What of the target is otherwise than before; without a text nothing is. */
    left: z.string().optional(),
  }),
]);
export type RestoreItemRecord = z.infer<typeof RestoreItemRecord>;

export const RESTORE_PHASES = ['verify', 'preflight', 'restore', 'compare', 'swap'] as const;
export type RestorePhase = (typeof RESTORE_PHASES)[number];

/** How far an item is: written anew every few seconds while it runs. */
export const RestoreProgress = z.strictObject({
  version: z.literal(1),
  at: z.iso.datetime(),
  phase: z.enum(RESTORE_PHASES),
  /** Of the phase. */
  bytes: count,
  totalBytes: count,
  tables: count.optional(),
  totalTables: count.optional(),
});
export type RestoreProgress = z.infer<typeof RestoreProgress>;

/** How many tasks each service ran: `restores/<name>/services.json`, written before the first is stopped. */
export const StoppedServices = z.strictObject({
  version: z.literal(1),
  at: z.iso.datetime(),
  services: z.array(z.strictObject({ ...EcsService.shape, desiredCount: count })),
});
export type StoppedServices = z.infer<typeof StoppedServices>;

export const RESTORE_STATUSES = ['restored', 'warning', 'failed'] as const;

/** What a restore did, failures included: `restores/<name>.json`, written last. */
export const RestoreRecord = z.strictObject({
  version: z.literal(1),
  ...RestorePlan.pick({ name: true, execution: true, stamp: true, requestedAt: true, request: true, targetName: true }).shape,
  finishedAt: z.iso.datetime(),
  status: z.enum(RESTORE_STATUSES),
  items: z.array(RestoreItemRecord),
  /** Services that ran before, and run again. */
  services: z.array(z.strictObject({ ...EcsService.shape, desiredCount: count, running: z.boolean() })),
  /** What went wrong apart from the items: hooks, services, the probe. */
  failure: FailureFacts.optional(),
});
export type RestoreRecord = z.infer<typeof RestoreRecord>;
