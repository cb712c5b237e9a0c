import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sweep } from '../../../functions/sweep/sweep.ts';
import { manifestKey, outcomeKey, parseArtifactKey, planKey, runRecordKey } from '../../../lib/domain/backup/keys.ts';
import type { FailureFacts } from '../../../lib/domain/outcomes.ts';
import { SourceOutcome } from '../../../lib/domain/run/source-outcome.ts';
import { artifactKeyOf } from '../../../lib/domain/source/artifact-of.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';
import { restoreDump } from '../../../lib/local/demo/restore-dump.ts';
import type { PostgresServer } from '../../../lib/local/servers/postgres-server.ts';
import { listBackups } from '../../../lib/runtime/backups.ts';
import { readTries } from '../../../lib/runtime/run-documents.ts';
import { openUploadsOf } from '../../../lib/runtime/upload/all-open-uploads.ts';
import { planOf } from '../night.ts';
import { differences, type Snapshot, snapshotOf } from '../restored.ts';
import { onDisk } from '../tree-oracle.ts';
import { run } from '../tree-rig.ts';
import { NIGHT_AGO_MS } from './case-clock.ts';
import type { CaseContext } from './case-context.ts';
import { session } from './server-session.ts';
import { isDatabase } from './sources.ts';

/** What must hold of a vault, whatever has happened. Each of these adds to the violations of the case what does not. */

/** An object under the key of a backup is one that a receipt speaks of, whole: nothing partial was published. */
export async function nothingPartial({ store, source, slot, notes }: CaseContext): Promise<void> {
  const stored = await store.vault.head(artifactKeyOf(source, slot));
  if (!stored) return;
  const tries = await readTries(store.vault, slot, source.id);
  const whole = tries.some(
    ({ record }) => record.result === 'receipt' && record.receipt.bytes === stored.bytes && record.receipt.crc32 === stored.crc32,
  );
  if (!whole) notes.violate(`${stored.key} has ${stored.bytes} bytes, and no receipt says so`);
}

/** Every backup that is listed as good restores, and what is restored is the source. Returns how many there are. */
export async function goodOnesRestore(context: CaseContext): Promise<number> {
  const { store, source, notes } = context;
  const good = (await listBackups(store.vault, source.id, ['daily'])).filter(({ damaged }) => damaged !== true);
  for (const { key } of good) {
    const fault = await restoreFault(context, store.path(key)).catch((thrown: unknown) => String(thrown));
    if (fault !== undefined) notes.violate(`${key} is called good, but ${fault}`);
    notes.count('restored and compared');
  }
  return good.length;
}

/** What the run says of the source agrees with what lies there: verified, if and only if there is a good backup. */
export async function saysTheTruth({ store, source, slot, notes }: CaseContext, good: number): Promise<void> {
  const document = await store.vault.readJson(outcomeKey({ slot, attempt: 1 }, source.id), SourceOutcome);
  if (document?.status === 'verified' && good === 0) notes.violate('the outcome says verified, and there is no good backup');
  if (document?.status === 'failed' && good > 0) notes.count('said to have failed, though there is a good backup');
  if (document === undefined) notes.count('night: no outcome could be written');
  else notes.count(document.status === 'verified' ? 'night: verified' : `night: failed (${shownReason(document.failure)})`);
}

/** Of what is no expected failure also where it came from: it should never be seen. */
const shownReason = ({ reason, detail }: FailureFacts): string => (reason === 'internal' ? `internal, ${detail}` : reason);

/** No key was written twice. */
export async function nothingOverwritten({ store, notes }: CaseContext): Promise<void> {
  for (const key of await store.overwritten()) notes.violate(`${key} was written more than once`);
}

/** A sweep at once, while runs may be alive, takes nothing. */
export async function sweepsNothingAlive(context: CaseContext): Promise<void> {
  const { removed, aborted } = await sweepAs(context, new Date(Date.now() - 60_000), 7);
  if (removed + aborted > 0)
    context.notes.violate(`a sweep took ${removed} objects and ${aborted} uploads that may be in flight`);
}

/** One sweep, once no run can be alive, leaves no open upload and nothing that has no manifest. */
export async function oneSweepClears(context: CaseContext): Promise<void> {
  const { store, slot, notes } = context;
  await store.vault.putOnce(runRecordKey({ slot, attempt: 1 }), {});
  store.age(new Date(Date.now() - NIGHT_AGO_MS));
  const { removed, aborted } = await sweepAs(context, new Date(), 1);
  notes.count('swept: uploads', aborted);
  notes.count('swept: objects', removed);
  for (const key of await store.openUploads()) notes.violate(`after the sweep the upload of ${key} is open`);
  const keys = new Set(await store.keys('daily/'));
  for (const key of keys)
    if (!keys.has(familyManifest(key))) notes.violate(`after the sweep ${key} lies there without a manifest`);
}

/** The manifest without which a key means nothing. */
function familyManifest(key: string): string {
  const part = parseArtifactKey(key)?.part;
  if (part === 'manifest') return key;
  return manifestKey(part === 'members' ? key.slice(0, key.indexOf('.members-')) : key);
}

/** A sweep by a run of its own. */
async function sweepAs({ store, rig, source }: CaseContext, at: Date, attempt: number) {
  const plan = planOf([source], { slot: slotOf(at), attempt, claimedAt: at.toISOString() });
  await store.vault.putOnce(planKey(plan), plan);
  const uploads = openUploadsOf(rig.s3, store.bucket);
  return sweep({ vault: store.vault, uploads, now: () => new Date() })({ planKey: planKey(plan) });
}

async function restoreFault(context: CaseContext, file: string): Promise<string | undefined> {
  const { shape } = context.drawn;
  return isDatabase(shape) ? databaseFault(context, shape, file) : treeFault(context, file);
}

let restores = 0;

async function databaseFault({ gated, rig, store }: CaseContext, shape: 'small' | 'parts', file: string) {
  const { server } = gated;
  const before = await sourceSnapshot(server, rig.database(shape));
  // a standby takes no restore
  const into = server.port === rig.standby.server.port ? rig.servers[0]?.server : server;
  if (!into) throw new Error('there is no server to restore into');
  const database = `${store.bucket}-${++restores}`;
  try {
    await restoreDump(into, file, database);
    const { differentTables, differentLines } = differences(before, await snapshotOf(into, database));
    if (differentTables.length + differentLines.length === 0) return undefined;
    return `restored it differs: ${differentTables.join(', ')}; ${differentLines[0]}`;
  } finally {
    await session(into, 'postgres', (client) => client.query(`DROP DATABASE IF EXISTS "${database}"`));
  }
}

const snapshots = new Map<string, Promise<Snapshot>>();

/** Sources do not change while cases run: each is read once. */
function sourceSnapshot(server: PostgresServer, database: string): Promise<Snapshot> {
  const name = `${server.port} ${database}`;
  const known = snapshots.get(name) ?? snapshotOf(server, database);
  snapshots.set(name, known);
  return known;
}

const trees = new Map<string, Promise<string>>();

async function treeFault({ rig, drawn, store }: CaseContext, file: string): Promise<string | undefined> {
  const { shape } = drawn;
  const before = trees.get(shape) ?? onDisk(join(rig.places.volume, shape)).then((members) => JSON.stringify(members));
  trees.set(shape, before);
  const into = join(rig.temp, `${store.bucket}-restored`);
  mkdirSync(into);
  try {
    await run('tar', ['-xzpf', file, '-C', into]);
    const after = JSON.stringify(await onDisk(into));
    return after === (await before) ? undefined : 'unpacked it differs';
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}
