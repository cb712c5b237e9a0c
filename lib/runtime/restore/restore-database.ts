import type { DumpContents } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { createDatabase, databaseStatements } from '../../domain/restore/create-database.ts';
import { quoted } from '../../domain/restore/statements-of.ts';
import { ServerAccess } from '../postgres/server-access.ts';
import { compareRestored } from './compare-restored.ts';
import { databaseName } from './database-name.ts';
import { type PreparedRestore, prepareRestore, selectedEntries } from './preflight.ts';
import { restoreInto } from './restore-into.ts';
import type { RestoreDependencies, RestoredDatabase, RestoreJob } from './restore-job.ts';
import { runHooks } from './run-hooks.ts';
import { refusedAs } from './sql-state.ts';
import { openArchive } from './stored-archive.ts';
import { swapDatabases } from './swap-databases.ts';

/**
 * Restores one database from its backup. In this order, and no step is passed before the one above it has succeeded:
 * 1. every stored byte is read and was backed up so
 * 2. the target can take it: roles, extensions, rights, version; and it is not the source
 * 3. the archive is restored in one transaction, into a new database, or in place
 * 4. it is dumped again, and every table has the contents of the manifest
 * 5. the operator's statements are run; a new database is given its name, and the one that had it, another
 * Throws a `Failure`; the target is as it was then, unless the observer was told what is left.
 */
export async function restoreDatabase(job: RestoreJob, deps: RestoreDependencies): Promise<RestoredDatabase> {
  const clock = new PhaseClock(deps);
  try {
    clock.enter('verify');
    const archive = await openArchive(job, deps);
    clock.enter('preflight');
    const prepared = await prepareRestore(job, archive, deps);
    deps.observer.tables?.(expected(prepared).tables.length);
    const outcome = await (job.mode === 'inPlace' ? restoreInPlace(prepared, clock) : restoreAside(prepared, clock));
    clock.end();
    return {
      ...outcome,
      serverVersion: prepared.facts.version,
      bytes: archive.stored.bytes,
      seconds: clock.seconds,
      warnings: [...prepared.warnings, ...outcome.warnings],
    };
  } catch (error) {
    // whatever broke after it was told to stop, broke because of that
    if (deps.signal.aborted) throw deps.signal.reason;
    throw error;
  }
}

type Outcome = Pick<RestoredDatabase, 'database' | 'before' | 'tables' | 'rows' | 'compared' | 'warnings'>;

/** In the database that is there: what the archive holds is dropped and made anew; what it does not hold stays. */
async function restoreInPlace(prepared: PreparedRestore, clock: PhaseClock): Promise<Outcome> {
  const { job, deps } = prepared;
  const access = accessTo(job.target.database, prepared);
  clock.enter('restore');
  await access.ask(deps.signal, (session) => runHooks(session, 'before', job.before));
  const warnings = await restoreInto(access, prepared);
  deps.observer.left?.(`${job.target.database} holds what was restored`);
  const contents = await compare(access, prepared, clock);
  await access.ask(deps.signal, (session) => runHooks(session, 'after', job.after));
  return { database: job.target.database, ...contents, warnings };
}

/** In a new database beside the target, which gets the target's name at the very end. */
async function restoreAside(prepared: PreparedRestore, clock: PhaseClock): Promise<Outcome> {
  const { job, deps, maintenance, archive, facts } = prepared;
  const { database } = job.target;
  const aside = databaseName(database, 'restore', job.stamp);
  const access = accessTo(aside, prepared);
  clock.enter('restore');
  await dropDatabase(maintenance, aside, deps.signal);
  try {
    await makeDatabase(prepared, aside);
    await access.ask(deps.signal, (session) => runHooks(session, 'before', job.before));
    const warnings = await restoreInto(access, prepared);
    const contents = await compare(access, prepared, clock);
    await access.ask(deps.signal, (session) => runHooks(session, 'after', job.after));
    clock.enter('swap');
    const before = facts.databaseOwner === undefined ? undefined : databaseName(database, 'before', job.stamp);
    const { statements, unknown } = databaseStatements(archive.toc.entries, database, job.owners);
    await swapDatabases(
      maintenance,
      { restored: aside, name: database, before, statements: [...ownerOf(prepared), ...statements] },
      deps.signal,
    );
    const left = unknown > 0 ? [`${unknown} settings of the database itself were left out`] : [];
    return { database, ...(before !== undefined && { before }), ...contents, warnings: [...warnings, ...left] };
  } catch (error) {
    if (error instanceof Failure && error.reason === 'target-busy')
      deps.observer.left?.(`the restored database is there, as ${aside}`);
    else await dropAfterFailure(prepared, aside);
    throw error;
  }
}

const accessTo = (database: string, { job, deps }: PreparedRestore): ServerAccess =>
  new ServerAccess(job.target.connection, database, deps.credentials);

async function makeDatabase({ archive, deps, maintenance }: PreparedRestore, name: string): Promise<void> {
  try {
    await maintenance.ask(deps.signal, (session) => session.rows(createDatabase(archive.toc.entries, name)));
  } catch (error) {
    throw refusedAs('target', 'the server cannot make a database with the encoding and locale of the backup', error);
  }
}

/** The one of the backup, or of the database that is replaced; else whoever restores. */
function ownerOf({ job, archive, facts }: PreparedRestore): readonly string[] {
  const backedUp = archive.toc.entries.find(({ type }) => type === 'DATABASE')?.owner;
  const owner = job.owners ? backedUp : facts.databaseOwner;
  return owner === undefined || owner === '' ? [] : [`ALTER DATABASE ${quoted(job.target.database)} OWNER TO ${quoted(owner)}`];
}

const dropDatabase = (maintenance: ServerAccess, name: string, signal: AbortSignal): Promise<unknown> =>
  maintenance.ask(signal, (session) => session.rows(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`));

const DROP_LIMIT_MS = 60_000;

/** Also when the restore was told to stop: half a database is of no use to anybody. */
async function dropAfterFailure({ maintenance, deps }: PreparedRestore, name: string): Promise<void> {
  await dropDatabase(maintenance, name, AbortSignal.timeout(DROP_LIMIT_MS)).catch(() =>
    deps.observer.left?.(`database ${name} could not be dropped`),
  );
}

async function compare(
  access: ServerAccess,
  prepared: PreparedRestore,
  clock: PhaseClock,
): Promise<Pick<Outcome, 'tables' | 'rows' | 'compared'>> {
  const { job, deps, client, selection } = prepared;
  const backedUp = job.manifest.receipt.contents;
  clock.enter('compare');
  if (!job.compare) return { ...totalsOf(expected(prepared)), compared: false };
  const found = await compareRestored({
    access,
    client,
    backedUp,
    signal: deps.signal,
    amongOthers: job.mode === 'inPlace',
    ...(selection && { tables: selection.tables }),
    moved: (bytes, totalBytes) => deps.observer.moved?.(bytes, totalBytes),
  });
  return { ...totalsOf(found), compared: true };
}

function expected({ job, archive, selection }: PreparedRestore): Pick<DumpContents, 'tables'> {
  const { contents } = job.manifest.receipt;
  if (!selection) return contents;
  const names = new Set(selectedEntries(archive, selection).map(({ schema, name }) => JSON.stringify([schema, name])));
  return { tables: contents.tables.filter(({ schema, name }) => names.has(JSON.stringify([schema, name]))) };
}

const totalsOf = ({ tables }: Pick<DumpContents, 'tables'>) => ({
  tables: tables.length,
  rows: tables.reduce((sum, { rows }) => sum + rows, 0),
});

type Phase = Parameters<NonNullable<RestoreDependencies['observer']['phase']>>[0];

/** Tells the phases, and how long those took that the record speaks of. */
class PhaseClock {
  readonly #deps: RestoreDependencies;
  readonly #spent: Partial<Record<Phase, number>> = {};
  #phase: Phase | undefined;
  #since = 0;

  constructor(deps: RestoreDependencies) {
    this.#deps = deps;
  }

  enter(phase: Phase): void {
    this.end();
    this.#phase = phase;
    this.#since = this.#deps.elapsed();
    this.#deps.observer.phase?.(phase);
  }

  end(): void {
    if (this.#phase) this.#spent[this.#phase] = (this.#deps.elapsed() - this.#since) / 1000;
    this.#phase = undefined;
  }

  get seconds(): RestoredDatabase['seconds'] {
    const { verify = 0, restore = 0, compare = 0 } = this.#spent;
    return { verify, restore, compare };
  }
}
