import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import { restoreDatabase } from '../../lib/runtime/restore/restore-database.ts';
import { restoreGlobals } from '../../lib/runtime/restore/restore-globals.ts';
import { type Item, type ItemDependencies, notOfKind, type RestoredItem } from './item.ts';

/** A database, into the target's server. */
export async function restoreDatabaseItem(
  plan: RestorePlan,
  item: Item<'database'>,
  manifest: Manifest,
  deps: ItemDependencies,
): Promise<RestoredItem> {
  const { receipt } = manifest;
  if (receipt.kind !== 'database') throw notOfKind(item);
  const { request, target, stamp } = plan;
  const source = item.sourceConnection &&
    manifest.database !== undefined && { connection: item.sourceConnection, database: manifest.database };
  const done = await restoreDatabase(
    {
      manifest: { ...manifest, receipt },
      target: { connection: connectionOf(plan), database: item.database },
      source: source || undefined,
      overSource: request.overSource,
      mode: item.mode,
      ...(item.tables && { tables: item.tables }),
      owners: item.owners,
      compare: item.compare,
      before: target.before.sql,
      after: target.after.sql,
      stamp,
    },
    deps,
  );
  const { before, tables, rows, compared, serverVersion, bytes, seconds, warnings } = done;
  return {
    bytes,
    seconds,
    restored: {
      kind: 'database',
      database: done.database,
      ...(before !== undefined && { before }),
      server: { version: serverVersion },
      tables,
      rows,
      compared,
    },
    warnings: [...warnings],
  };
}

/** Roles and their settings, into the target's server. */
export async function restoreGlobalsItem(plan: RestorePlan, manifest: Manifest, deps: ItemDependencies): Promise<RestoredItem> {
  const { receipt } = manifest;
  if (receipt.kind !== 'globals') throw notOfKind(manifest);
  const start = deps.elapsed();
  const job = { manifest: { ...manifest, receipt }, connection: connectionOf(plan) };
  const { statements, skippedRoles, warnings } = await restoreGlobals(job, deps);
  return {
    bytes: receipt.bytes,
    seconds: { verify: 0, restore: (deps.elapsed() - start) / 1000, compare: 0 },
    restored: { kind: 'globals', statements, skippedRoles: [...skippedRoles] },
    warnings: [...warnings],
  };
}

function connectionOf({ target, targetName }: RestorePlan) {
  if (target.connection) return target.connection;
  throw new Failure('target', `target ${targetName} has no connection`);
}
