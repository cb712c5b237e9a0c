import { z } from 'zod';
import { TIERS } from '../backup/tiers.ts';
import { PostgresName } from '../config/connection.ts';
import { PlanName } from '../run/plan-name.ts';
import { DateText, RelativePath } from '../source/source.ts';
import { SourceId } from '../source/source-id.ts';
import { SlotText } from '../time/slot.ts';
import { OUTSIDE_LINKS } from './outside-link.ts';
import { TargetName } from './restore-target.ts';

/** Which backups are meant. What is damaged is never chosen. */
export const WantedBackup = z.union([
  z.strictObject({ key: z.string().min(1).max(1024) }),
  /** The newest verified one of a source: of a tier, of the slot itself, or of a day (UTC), where they are named. */
  z.strictObject({ source: SourceId, tier: z.enum(TIERS).optional(), at: z.union([SlotText, DateText]).optional() }),
  /** All that a run made; `latest` is the newest complete set of the plan. */
  z.strictObject({
    set: z.union([SlotText, z.literal('latest')]),
    plan: PlanName.optional(),
    sources: z.array(SourceId).min(1).optional(),
  }),
]);
export type WantedBackup = z.infer<typeof WantedBackup>;

/**
 * How a database comes to its name: `swap` restores into a new database and exchanges the names at the end, `new` leaves it at a name
 * that nothing has yet, `inPlace` replaces what the archive holds inside the existing database, in one transaction.
 */
export const RESTORE_MODES = ['swap', 'new', 'inPlace'] as const;
export type RestoreMode = (typeof RESTORE_MODES)[number];

const TableText = z
  .string()
  .min(3)
  .max(200)
  .refine((text) => !/[\0\r\n]/.test(text), { error: 'must be one line' });

/** The input of a restore's execution. */
export const RestoreRequest = z.strictObject({
  backup: WantedBackup,
  target: TargetName.describe('A name under restore.targets or under connections'),
  /** @default the name that the backed-up database has; not for sets */
  database: PostgresName.optional(),
  mode: z.enum(RESTORE_MODES).default('swap'),
  /** Only these tables, as `schema.table`, with all that hangs on them. */
  tables: z.array(TableText).min(1).optional(),
  /** Of a tree: only what lies at or below these paths. */
  paths: z.array(RelativePath).min(1).optional(),
  /** Of a tree: the folder on the target's volume; it must be new, or `replace` said. @default the source's id */
  folder: RelativePath.optional(),
  /** Of a tree: exchange a folder that is there; the old one stays beside it. */
  replace: z.boolean().default(false),
  /** Of a tree: see OUTSIDE_LINKS. @default "leaveOut" */
  outsideLinks: z.enum(OUTSIDE_LINKS).optional(),
  /** False: owners and grants are left out, and everything belongs to the role that restores. @default true; false in place */
  owners: z.boolean().optional(),
  /** Dump the restored database again and compare every table with the manifest. */
  compare: z.boolean().default(true),
  /** Whether the source itself may be written over. */
  overSource: z.boolean().default(false),
  /** Whether a target that is marked as production may be written to. */
  production: z.boolean().default(false),
  /** What is about to be replaced, typed again: see `confirmationOf`. */
  confirm: z.string().max(512),
  reason: z.string().max(500).optional(),
});
export type RestoreRequest = z.infer<typeof RestoreRequest>;

/** What somebody must type to show that they mean it: the target, and what of it. */
export function confirmationOf({
  target,
  database,
  folder,
  backup,
}: Pick<RestoreRequest, 'target' | 'database' | 'folder' | 'backup'>): string {
  if ('set' in backup) return `${target}/set ${backup.set}`;
  const what = database ?? folder ?? ('key' in backup ? backup.key : backup.source);
  return `${target}/${what}`;
}
