import { z } from 'zod';

interface ReasonFacts {
  /** Whether the same try, made again a little later, can succeed without anybody doing something. */
  readonly retryable: boolean;
  /** What the operator does about it, as a sentence. */
  readonly remedy: string;
}

/**
 * Why a source has no verified backup: a closed set, decided from exit codes, SQLSTATEs and typed causes,
 * never from the wording of a message.
 */
export const REASONS = {
  auth: {
    retryable: false,
    remedy:
      'Check user and password (or IAM authentication) in the secret that this source names, and that pg_hba.conf or the RDS settings admit that user.',
  },
  unreachable: {
    retryable: true,
    remedy: 'Check host and port, that the server is up, and that its security group admits the task on that port.',
  },
  'no-database': {
    retryable: false,
    remedy: 'The server answers but has no database of that name. Correct "database" of this source, or remove the source.',
  },
  secret: {
    retryable: false,
    remedy:
      'The secret this source names is missing, not readable by the task role, or not JSON of the shape that RDS writes ({"username", "password", "host", "port"}).',
  },
  version: {
    retryable: false,
    remedy:
      "The image carries no PostgreSQL client of the server's major version. Deploy a newer nightproof, or add that client to tasks/Dockerfile.",
  },
  permission: {
    retryable: false,
    remedy:
      'Give the backup role the rights that the detail lists; for a role that reads everything: GRANT pg_read_all_data TO <role>.',
  },
  'no-folder': {
    retryable: false,
    remedy:
      'A folder or file that this source names is not there, or is a symbolic link, which is not followed. Check that the volume is mounted, and correct "folder" and "roots"; of a link, name what it leads to.',
  },
  unreadable: {
    retryable: false,
    remedy:
      "The task's user may not read what the detail names, or reading it failed. Give that user (the access point's, on EFS) the right to read files and to read and enter folders, or exclude them.",
  },
  changing: {
    retryable: false,
    remedy:
      'The folder was still being written to while it was archived, so nothing was kept. The next run archives it once it has come to rest.',
  },
  'no-tar': {
    retryable: false,
    remedy:
      'File trees need GNU tar 1.29 or newer on the PATH; the tar of macOS is another program. Install it (Debian: tar; Homebrew: gnu-tar), or use the image that nightproof builds.',
  },
  'row-security': {
    retryable: false,
    remedy: 'Row-level security would hide rows from the backup role. As a superuser: ALTER ROLE <role> BYPASSRLS.',
  },
  'lock-timeout': {
    retryable: true,
    remedy:
      'Another session held a lock on a table for too long. Move the schedule away from migrations, or raise limits.lockWait.',
  },
  busy: {
    retryable: true,
    remedy:
      'The server refused the connection for now (starting up, shutting down, or out of connections). Keep a connection free for backups.',
  },
  'wrong-database': {
    retryable: false,
    remedy:
      'The database lacks extensions that this source expects, so it may not be the one that is meant. Check "database" and its connection; if the extensions were dropped on purpose, take them out of "expectExtensions".',
  },
  filter: {
    retryable: false,
    remedy:
      'pg_dump takes patterns of tables as psql does: "logs", "audit.*", "public.tmp_??", with double quotes around names that have capitals. Correct "exclude" or "excludeData" of this source.',
  },
  recipient: {
    retryable: false,
    remedy: 'Copy the public key again as age-keygen prints it ("age1..."): one of its characters is wrong or missing.',
  },
  'too-small': {
    retryable: false,
    remedy:
      'The backup is smaller than "minSize" of this source allows, so it was not kept. Look at the source: is its data still there? If it shrank on purpose, lower "minSize" and start the source again.',
  },
  truncated: {
    retryable: true,
    remedy:
      'pg_dump (or tar) ended before its work was complete; the detail has its exit code or signal. Look at the server log at that time (restart, failover), and at the memory of the task.',
  },
  decode: {
    retryable: true,
    remedy:
      'What pg_dump (or tar) wrote could not be read back while it was sent, so nothing was published. If it happens again, keep the detail and report it.',
  },
  timeout: {
    retryable: true,
    remedy:
      'The dump made no progress or passed its deadline. Look for locks and load on the server, or raise limits.noProgress or limits.deadline.',
  },
  storage: {
    retryable: true,
    remedy: 'The vault refused or failed. Check the bucket, its key policy and the role of the step that the detail names.',
  },
  conflict: {
    retryable: false,
    remedy:
      'Another object already lies under the key of this backup and is not ours. Find out who wrote it; nightproof never overwrites.',
  },
  damaged: {
    retryable: false,
    remedy:
      'What the vault holds is not what the dump task sent. The object stays without a manifest, so it counts as no backup. Start the source again by hand and check the bucket.',
  },
  cancelled: {
    retryable: true,
    remedy: 'The task was told to stop (a deployment, a stopped execution, or Spot). Start the source again if it was not meant.',
  },
  interrupted: {
    retryable: true,
    remedy:
      'The task vanished without a word: out of memory, killed, or it could not start. See its stopped reason in ECS; give it more memory if it was exit code 137.',
  },
  'no-backup': {
    retryable: false,
    remedy:
      'Nothing in the vault fits what was asked for. See what there is with nightproof list; what is damaged, or has no manifest, is never restored.',
  },
  target: {
    retryable: false,
    remedy:
      'The target is not one that this restore may write to. Read the detail: choose another database, or say in so many words what you mean (--over-source, --production, --mode).',
  },
  'target-busy': {
    retryable: false,
    remedy:
      'Sessions kept coming back to the target, so it could not be swapped. The restored database is there, under the name in the detail: stop what connects, then rename both by hand as the detail says.',
  },
  roles: {
    retryable: false,
    remedy:
      'Run the statements of the detail on the target server, or restore the roles first (the globals of the same night), or leave owners and grants out with --no-owner.',
  },
  extensions: {
    retryable: false,
    remedy:
      'Install the packages of these extensions on the target server (or allow them there), then start again. Nothing was changed.',
  },
  tables: {
    retryable: false,
    remedy:
      'Name tables as schema.table, in double quotes where they have capitals. What the backup holds is shown by nightproof show KEY --all.',
  },
  paths: {
    retryable: false,
    remedy: 'Name paths as the archive has them, from its own top. What the backup holds is shown by nightproof show KEY --all.',
  },
  restore: {
    retryable: false,
    remedy:
      'pg_restore refused an entry of the archive, which the detail names; all of it was rolled back. Look at the log of the target server for that time; what already exists there or is missing there is the usual cause.',
  },
  difference: {
    retryable: false,
    remedy:
      'What was restored is not what was backed up. Do not use it. Take another backup (nightproof list), keep this one as it is, and look at the detail: it names table and difference.',
  },
  probe: {
    retryable: false,
    remedy:
      'A probe did not say yes, though the contents are those of the backup. Correct the probe, or look at what it asks about.',
  },
  hook: {
    retryable: false,
    remedy:
      'A step of your own around the restore failed; the detail names it. The restore itself is as the record says: run that step by hand once its cause is mended.',
  },
  services: {
    retryable: true,
    remedy:
      'A service could not be stopped or started. See its events in ECS; the number of tasks that it had is in services.json of the restore.',
  },
  identity: {
    retryable: false,
    remedy:
      'The backup is encrypted, and nobody here has the key. Put the age identity into the secret that restore.identity names, or download the backup and decrypt it by hand (age --decrypt).',
  },
  space: {
    retryable: false,
    remedy:
      'There is not enough room: on the disk of the task that the detail names (drill.storageGiB sets that of restores and drills), or at the target of a restore. Raise it, or free some.',
  },
  'unsafe-archive': {
    retryable: false,
    remedy:
      'The archive holds something that no archive of nightproof holds: a path or link out of its folder, one name twice, or more bytes than its manifest promises. Nothing of it was put in place. Find out who wrote it.',
  },
  internal: {
    retryable: false,
    remedy: 'nightproof itself failed. See the log of the step that the detail names, and report it.',
  },
} as const satisfies Record<string, ReasonFacts>;

export type Reason = keyof typeof REASONS;

const isReason = (text: string): text is Reason => Object.hasOwn(REASONS, text);

const ReasonName = z.enum(Object.keys(REASONS) as [Reason, ...Reason[]]);

/** What an operator reads of a failure. `detail` carries facts (names, numbers, codes), never a secret or raw output of a child. */
export const FailureFacts = z.strictObject({
  reason: ReasonName,
  detail: z.string(),
  remedy: z.string(),
  retryable: z.boolean(),
});

export type FailureFacts = z.infer<typeof FailureFacts>;

const ERROR_PREFIX = 'Nightproof.';

/**
 * An expected failure on its way to the edge of a process. Its `name` is what Step Functions sees as `Error`
 * (`Nightproof.truncated`), and its message the detail.
 */
export class Failure extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
    this.name = errorName(reason);
  }

  get facts(): FailureFacts {
    return factsOf(this.reason, this.message);
  }
}

/** The name under which Step Functions knows a reason. */
export const errorName = (reason: Reason): string => `${ERROR_PREFIX}${reason}`;

/** The reason that an error name of Step Functions carries, if it is one of ours. */
export function reasonOf(name: string): Reason | undefined {
  const reason = name.startsWith(ERROR_PREFIX) ? name.slice(ERROR_PREFIX.length) : '';
  return isReason(reason) ? reason : undefined;
}

export function factsOf(reason: Reason, detail: string): FailureFacts {
  const { remedy, retryable } = REASONS[reason];
  return { reason, detail, remedy, retryable };
}

/** The facts of anything thrown: ours as they are, anything else as `internal` with the error's class only, since its text may hold a secret. */
export function factsOfThrown(thrown: unknown, step: string): FailureFacts {
  if (thrown instanceof Failure) return thrown.facts;
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  return factsOf('internal', `${step}: ${kind}`);
}
