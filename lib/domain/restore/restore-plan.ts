import { z } from 'zod';
import { PostgresName } from '../config/connection.ts';
import { RelativePath, SOURCE_KINDS } from '../source/source.ts';
import { SourceId } from '../source/source-id.ts';
import { SlotText } from '../time/slot.ts';
import { OUTSIDE_LINKS } from './outside-link.ts';
import { RESTORE_MODES, RestoreRequest } from './restore-request.ts';
import { RestoreTarget, TargetName } from './restore-target.ts';

const item = { n: z.number().int().nonnegative(), key: z.string(), sourceId: SourceId };

/** One backup to be restored, all names resolved. */
export const RestoreItem = z.discriminatedUnion('kind', [
  z.strictObject({
    ...item,
    kind: z.literal('database'),
    database: PostgresName,
    mode: z.enum(RESTORE_MODES),
    tables: z.array(z.string()).optional(),
    owners: z.boolean(),
    compare: z.boolean(),
    /** How the source's own server is reached, for the guard; undefined where the configuration does not name the source any more. */
    sourceConnection: RestoreTarget.shape.connection,
  }),
  z.strictObject({ ...item, kind: z.literal('globals') }),
  z.strictObject({
    ...item,
    kind: z.enum(SOURCE_KINDS).extract(['files', 'config', 'datedFolder']),
    folder: RelativePath,
    replace: z.boolean(),
    paths: z.array(RelativePath).optional(),
    outsideLinks: z.enum(OUTSIDE_LINKS).optional(),
  }),
]);
export type RestoreItem = z.infer<typeof RestoreItem>;

/** The claim of a restore and all that its steps need to know: `restores/<name>/plan.json`. */
export const RestorePlan = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  /** By ARN. */
  execution: z.string(),
  /** The instant it was asked for; names what it makes, as `shop_before_20261127_080000`. */
  stamp: SlotText,
  requestedAt: z.iso.datetime(),
  request: RestoreRequest,
  targetName: TargetName,
  target: RestoreTarget,
  identity: z.string().optional(),
  items: z.array(RestoreItem).min(1),
});
export type RestorePlan = z.infer<typeof RestorePlan>;

/** An item of the Map; the task it needs is `plain`, or the volume of the target. */
export const RestoreMapItem = z.strictObject({ n: z.number().int().nonnegative(), task: z.string() });
export type RestoreMapItem = z.infer<typeof RestoreMapItem>;

/** What the planning step hands to the state machine. */
export const RestorePlanResult = z.strictObject({
  name: z.string(),
  planKey: z.string(),
  itemsKey: z.string(),
  items: z.number().int().positive(),
  /** Configured name of the target: its hooks are states of the definition. */
  target: TargetName,
  services: z.boolean(),
});
export type RestorePlanResult = z.infer<typeof RestorePlanResult>;
