import { Failure } from '../../domain/outcomes.ts';
import type { TocEntry } from '../../domain/restore/archive-toc.ts';
import type { PresentObjects } from '../../domain/restore/present-objects.ts';
import { type Selection, selectEntries } from '../../domain/restore/select-entries.ts';
import { quoted } from '../../domain/restore/statements-of.ts';
import { clientFor, type PostgresClient } from '../postgres/clients.ts';
import { ServerAccess } from '../postgres/server-access.ts';
import type { ServerSession } from '../postgres/server-connection.ts';
import { presentObjects } from './present-objects.ts';
import { missingTablespaces, refuseMissingExtensions, refuseMissingRoles } from './refuse-unrestorable.ts';
import type { RestoreDependencies, RestoreJob } from './restore-job.ts';
import { MAINTENANCE_DATABASE, refuseSource } from './source-guard.ts';
import type { StoredArchive } from './stored-archive.ts';
import { type TargetFacts, targetFacts } from './target-facts.ts';

/** A restore that can be done: all that could be asked beforehand was asked, and nothing was changed. */
export interface PreparedRestore {
  readonly job: RestoreJob;
  readonly deps: RestoreDependencies;
  readonly archive: StoredArchive;
  readonly facts: TargetFacts;
  readonly maintenance: ServerAccess;
  /** Of the target server's own major version. */
  readonly client: PostgresClient;
  /** Where only some tables are restored. */
  readonly selection: Selection | undefined;
  readonly tablespaces: boolean;
  readonly warnings: readonly string[];
}

/** Asks the target server all that would make a restore fail later. Throws a `Failure` with what to do about it. */
export async function prepareRestore(
  job: RestoreJob,
  archive: StoredArchive,
  deps: RestoreDependencies,
): Promise<PreparedRestore> {
  const { connection, database } = job.target;
  const { credentials, signal } = deps;
  if (job.source && !job.overSource && job.mode !== 'new') await refuseSource(job.target, job.source, credentials, signal);
  const maintenance = new ServerAccess(connection, MAINTENANCE_DATABASE, credentials);
  const facts = await maintenance.ask(signal, (session) => targetFacts(session, database));
  refuseOldServer(job, facts);
  refuseTarget(job, facts);

  const present = job.tables && job.mode === 'inPlace' ? await presentIn(job, deps) : undefined;
  const selection = job.tables && selectEntries(archive.toc.entries, job.tables, present);
  const entries = selectedEntries(archive, selection);
  const missing = await maintenance.ask(signal, async (session) => {
    await refuseMissingRoles(session, entries, job.owners, facts);
    await refuseMissingExtensions(session, entries);
    return missingTablespaces(session, entries);
  });
  const client = clientFor(await deps.clients(), facts.major);
  const warnings = [
    ...(missing.length > 0 ? [`without tablespaces: the server has no ${missing.join(', ')}`] : []),
    ...(selection?.views ?? []).map((view) => `made anew, since it looks at what is restored: view ${view}`),
    ...(selection?.leftOut ?? []).map((what) => `left out, since what it leads to is not there: ${what}`),
  ];
  return { job, deps, archive, facts, maintenance, client, selection, tablespaces: missing.length === 0, warnings };
}

function presentIn({ target }: RestoreJob, { credentials, signal }: RestoreDependencies): Promise<PresentObjects> {
  return new ServerAccess(target.connection, target.database, credentials).ask(signal, (session: ServerSession) =>
    presentObjects(session),
  );
}

export function selectedEntries({ toc }: StoredArchive, selection: Selection | undefined): readonly TocEntry[] {
  if (!selection) return toc.entries;
  const ids = new Set(selection.ids);
  return toc.entries.filter(({ id }) => ids.has(id));
}

/** A newer server's dump may hold what an older one does not know; it would be found out in the middle. */
function refuseOldServer({ manifest }: RestoreJob, { major, version }: TargetFacts): void {
  const from = manifest.receipt.server;
  if (major < from.major)
    throw new Failure('version', `the backup is of PostgreSQL ${from.version}; the target server is older: ${version}`);
}

function refuseTarget({ mode, tables, target: { database } }: RestoreJob, facts: TargetFacts): void {
  const exists = facts.databaseOwner !== undefined;
  if (mode === 'swap' && tables)
    throw new Failure('target', `a database of some tables must not take the place of ${database} (--mode inPlace, or new)`);
  if (mode === 'inPlace' && !exists) throw new Failure('target', `the server has no database ${database} to restore into`);
  if (mode === 'new' && exists) throw new Failure('target', `the server has a database ${database} already`);
  if (mode !== 'inPlace' && !facts.mayCreateDatabases)
    throw new Failure(
      'permission',
      `${facts.role} may not create databases. As a superuser: ALTER ROLE ${quoted(facts.role)} CREATEDB;`,
    );
  if (exists && !facts.superuser && !facts.mayActForOwner)
    throw new Failure(
      'permission',
      `${facts.role} does not own ${database}. Run: GRANT ${quoted(facts.databaseOwner ?? '')} TO ${quoted(facts.role)};`,
    );
}
