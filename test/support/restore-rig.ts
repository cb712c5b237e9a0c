import { manifestKey } from '../../lib/domain/backup/keys.ts';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { RestorePhase } from '../../lib/domain/restore/restore-record.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import type { DatabaseSource, Source } from '../../lib/domain/source/source.ts';
import { clientFolders, findClients } from '../../lib/runtime/postgres/clients.ts';
import { restoreDatabase } from '../../lib/runtime/restore/restore-database.ts';
import type {
  DatabaseManifest,
  RestoreDependencies,
  RestoredDatabase,
  RestoreJob,
} from '../../lib/runtime/restore/restore-job.ts';
import { backUp } from '../../tasks/dump/back-up.ts';
import type { DatabaseRig } from './database-rig.ts';
import { clientPath, dumpDependencies, SLOT } from './dump-rig.ts';
import { manifestOf } from './night.ts';
import { databaseReceipt } from './receipts.ts';
import type { VaultRig } from './vault-rig.ts';

export const STAMP = '20261127_080000';

/** A database, backed up by the dump task; its manifest, as the steps of the night write it. */
export async function backedUp(server: DatabaseRig, store: VaultRig, source: DatabaseSource): Promise<DatabaseManifest> {
  const manifest = await committed(server, store, source);
  return { ...manifest, receipt: databaseReceipt(manifest.receipt) };
}

/** Backs a source up, and writes the manifest that says so. */
export async function committed(server: DatabaseRig, store: VaultRig, source: Source): Promise<Manifest> {
  const { receipt } = await backUp({ source, slot: SLOT }, dumpDependencies({ server, store }));
  const manifest = manifestFor(source, receipt);
  await store.vault.putOnce(manifestKey(manifest.key), manifest);
  return manifest;
}

function manifestFor(source: Source, receipt: Receipt): Manifest {
  const { database: _, verification, ...like } = manifestOf(source.id, receipt.slot, Buffer.alloc(0));
  const { bytes, sha256, crc32, kind, encryption } = receipt;
  const { tocEntries, ...verified } = verification;
  return {
    ...like,
    kind,
    key: artifactKeyOf(source, receipt.slot),
    ...(source.kind === 'database' && { database: source.database }),
    receipt,
    verification: { ...verified, bytes, sha256, crc32, ...(kind === 'database' && !encryption && { tocEntries }) },
  };
}

export interface RestoreTraces {
  readonly restored?: RestoredDatabase;
  readonly failure?: Failure;
  readonly phases: readonly RestorePhase[];
  readonly left?: string;
}

/** A restore into a database of a server, as its superuser unless the credentials say otherwise. */
export const restoreJob = (manifest: DatabaseManifest, database: string, facts: Partial<RestoreJob> = {}): RestoreJob => ({
  manifest,
  target: { connection: { secret: 'target', auth: 'password', sslMode: 'disable' }, database },
  source: undefined,
  overSource: false,
  mode: 'new',
  owners: true,
  compare: true,
  before: [],
  after: [],
  stamp: STAMP,
  ...facts,
});

/** Restores, and gathers what was seen of it. What is no `Failure` is thrown. */
export async function restoreTraced(
  { server, store }: { readonly server: DatabaseRig; readonly store: VaultRig },
  job: RestoreJob,
  overrides: Partial<RestoreDependencies> = {},
): Promise<RestoreTraces> {
  const phases: RestorePhase[] = [];
  let left: string | undefined;
  const deps: RestoreDependencies = {
    vault: store.vault,
    credentials: server.credentials(),
    clients: async () => findClients(await clientFolders(await clientPath())),
    elapsed: () => performance.now(),
    signal: new AbortController().signal,
    ...overrides,
    observer: {
      phase: (phase) => {
        phases.push(phase);
        overrides.observer?.phase?.(phase);
      },
      left: (what) => {
        left = what;
      },
      moved: (...moved) => overrides.observer?.moved?.(...moved),
    },
  };
  const seen = () => ({ phases, ...(left !== undefined && { left }) });
  try {
    return { restored: await restoreDatabase(job, deps), ...seen() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: error, ...seen() };
  }
}
