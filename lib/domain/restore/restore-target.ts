import { z } from 'zod';
import { Connection } from '../config/connection.ts';
import { VolumeName } from '../source/source.ts';
import { DurationText } from '../time/duration.ts';

export const TargetName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, { error: 'must be lower-case letters, digits, "_" and "-", starting with a letter' });

/** What ECS takes as the name of a cluster, service or family. */
const EcsName = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, { error: 'must be a name of ECS: letters, digits, "_" and "-"' });

const Arn = (service: string) =>
  z.string().regex(new RegExp(`^arn:[a-z-]+:${service}:[^\\s]*$`), { error: `must be an ARN of ${service}` });

export const EcsService = z.strictObject({ cluster: EcsName, service: EcsName });
export type EcsService = z.infer<typeof EcsService>;

const Sql = z.array(z.string().min(1).max(10_000)).default([]);

/** A command of the application, as a migration, run in a task definition of its own. */
export const HookTask = z.strictObject({
  cluster: EcsName,
  taskDefinition: EcsName.describe('The family; its newest revision runs'),
  container: EcsName.describe('The container whose command is replaced'),
  command: z.array(z.string().min(1)).min(1).describe('As a list: ["python", "manage.py", "migrate"]'),
  roleArns: z
    .array(Arn('iam'))
    .default([])
    .describe('Task role and execution role of that task definition, which are passed on to it'),
  within: DurationText.default('30m').describe('How long it may take'),
});
export type HookTask = z.infer<typeof HookTask>;

/** An address that must answer once everything runs again. */
export const HealthProbe = z.strictObject({
  url: z.string().regex(/^https?:\/\/[^\s@]+$/, { error: 'must be an http or https address without user and password' }),
  status: z.number().int().min(100).max(599).default(200),
  contains: z.string().min(1).max(1000).optional().describe('A text that the answer must hold'),
  within: DurationText.default('5m').describe('How long it is asked again until it answers so'),
});
export type HealthProbe = z.infer<typeof HealthProbe>;

const targetFields = {
  production: z.boolean().default(false).describe('true: a restore here must be asked for with --production'),
  services: z
    .array(EcsService)
    .default([])
    .describe('ECS services that are stopped while a restore runs, and run again afterwards whatever happened'),
  before: z
    .strictObject({ sql: Sql.describe('In the new database, before the restore: extensions, schemas, a reader role') })
    .prefault({}),
  after: z
    .strictObject({
      sql: Sql.describe('In the restored database, before it is put in place'),
      task: HookTask.optional(),
      probe: HealthProbe.optional(),
    })
    .prefault({}),
};

/** A place that restores may go to, as it is written under restore.targets. */
export const WrittenTarget = z.strictObject({
  connection: z.string().optional().describe('A name under connections, whose role may create databases'),
  volume: VolumeName.optional().describe('A name under volumes, whose access point may be written to'),
  ...targetFields,
});
export type WrittenTarget = z.infer<typeof WrittenTarget>;

/** The same with its connection filled in. Every connection that is configured is a target of its name too, unless one is written. */
export const RestoreTarget = z.strictObject({
  connection: Connection.optional(),
  volume: VolumeName.optional(),
  ...targetFields,
});
export type RestoreTarget = z.infer<typeof RestoreTarget>;

export const WrittenRestore = z.strictObject({
  identity: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe(
      'Name or ARN of a Secrets Manager secret that holds an age identity; without it encrypted backups are not restored here',
    ),
  targets: z.record(TargetName, WrittenTarget).default({}).describe('Where restores may go'),
});

export const RestoreSettings = z.strictObject({
  identity: WrittenRestore.shape.identity,
  targets: z.record(TargetName, RestoreTarget),
});
export type RestoreSettings = z.infer<typeof RestoreSettings>;
