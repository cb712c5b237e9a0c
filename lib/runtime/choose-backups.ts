import { artifactKey, damagedKey, manifestKey, parseArtifactKey } from '../domain/backup/keys.ts';
import { Manifest } from '../domain/backup/manifest.ts';
import { TIERS } from '../domain/backup/tiers.ts';
import { Failure } from '../domain/outcomes.ts';
import type { WantedBackup } from '../domain/restore/restore-request.ts';
import type { VerifiedBackup } from '../domain/retention/retention.ts';
import { NIGHTLY } from '../domain/run/plan-name.ts';
import { InputRefused } from '../domain/run/refused-input.ts';
import { dateOfSlot, parseSlot, type Slot, slotOf } from '../domain/time/slot.ts';
import { listAllBackups, listBackups } from './backups.ts';
import { newestSet } from './complete-sets.ts';
import { inTurn } from './in-turn.ts';
import type { Vault } from './vault.ts';

/** The manifests of the backups that are meant: verified ones, and none that was found damaged. Throws `Failure` `no-backup` where there are none. */
export async function chooseBackups(vault: Vault, wanted: WantedBackup, now: Date): Promise<readonly Manifest[]> {
  if ('key' in wanted) return [await byKey(vault, wanted.key)];
  return 'set' in wanted ? bySet(vault, wanted, now) : [await bySource(vault, wanted)];
}

async function byKey(vault: Vault, key: string): Promise<Manifest> {
  const name = parseArtifactKey(key);
  if (name?.part !== 'artifact' || artifactKey(name) !== key)
    throw new InputRefused([`backup: ${JSON.stringify(key)} is no key of a backup; nightproof list shows them`]);
  if (await vault.head(damagedKey(key)))
    throw new Failure('damaged', `${key} was found damaged: ${damagedKey(key)} has what is wrong`);
  if (!(await vault.head(key))) throw new Failure('no-backup', `there is no ${key}`);
  return readManifest(vault, key);
}

type WantedSource = Extract<WantedBackup, { source: string }>;

async function bySource(vault: Vault, { source, tier, at }: WantedSource): Promise<Manifest> {
  const all = await listBackups(vault, source, tier ? [tier] : TIERS);
  const fitting = all.filter(({ slot }) => isAt(slot, at));
  const good = fitting.filter(({ damaged }) => !damaged);
  const newest = newestOf(good);
  if (newest) return readManifest(vault, newest.key);
  const where = [tier && `in ${tier}`, at && `of ${at}`].filter((part) => part).join(' ');
  throw new Failure(
    'no-backup',
    `source "${source}" has no undamaged backup${where === '' ? '' : ` ${where}`} (${all.length} in all, ${fitting.length - good.length} of those asked for damaged)`,
  );
}

/** `at` is a slot, or a day. */
const isAt = (slot: Slot, at: string | undefined): boolean =>
  at === undefined || (parseSlot(at) === undefined ? dateOfSlot(slot) === at : slot === at);

/** Of copies of one backup the first, by the order of the tiers. */
function newestOf(backups: readonly VerifiedBackup[]): VerifiedBackup | undefined {
  const [newest] = [...backups].sort((a, b) => (a.slot === b.slot ? 0 : a.slot < b.slot ? 1 : -1));
  return newest;
}

type WantedSet = Extract<WantedBackup, { set: string }>;

/** All that a run of the plan backed up. One damaged backup refuses the set: half of one that nobody asked for would pass for all of it. */
async function bySet(vault: Vault, { set, plan = NIGHTLY, sources }: WantedSet, now: Date): Promise<readonly Manifest[]> {
  const all = await listAllBackups(vault, TIERS);
  const slot = set === 'latest' ? await latest(vault, plan, { all, now }) : set;
  const wanted = sources ?? [...all.keys()];
  const chosen = wanted.map((sourceId) => {
    const ofSlot = (all.get(sourceId) ?? []).filter((backup) => backup.slot === slot && backup.tier !== 'archive');
    return { sourceId, there: ofSlot.length, backup: ofSlot.find(({ damaged }) => !damaged) };
  });
  const missing = chosen
    .filter(({ backup, there }) => !backup && (sources !== undefined || there > 0))
    .map(({ sourceId }) => sourceId);
  if (missing.length > 0)
    throw new Failure(
      'no-backup',
      `of slot ${slot} these have no undamaged backup: ${missing.join(', ')}; name the others under "sources"`,
    );
  const manifests = await inTurn(
    chosen.flatMap(({ backup }) => backup ?? []),
    ({ key }) => readManifest(vault, key),
  );
  const ofPlan = manifests.filter((manifest) => (manifest.plan ?? NIGHTLY) === plan);
  if (ofPlan.length === 0) throw new Failure('no-backup', `no backup is of slot ${slot} of plan ${plan}`);
  return ofPlan;
}

interface Listing {
  readonly all: ReadonlyMap<string, readonly VerifiedBackup[]>;
  readonly now: Date;
}

async function latest(vault: Vault, plan: string, { all, now }: Listing): Promise<Slot> {
  const has = async ({ id, kind, ...source }: { id: string; kind: string }, slot: Slot): Promise<boolean> => {
    const date = kind === 'datedFolder' && 'date' in source ? source.date : undefined;
    return (all.get(id) ?? []).some(
      (backup) => !backup.damaged && (date === undefined ? backup.slot === slot : dateOfSlot(backup.slot) === date),
    );
  };
  const slot = await newestSet(vault, { plan, upTo: slotOf(now), has });
  if (slot) return slot;
  throw new Failure('no-backup', `plan ${plan} has no complete set in the last hundred days; name a slot`);
}

async function readManifest(vault: Vault, key: string): Promise<Manifest> {
  const manifest = await vault.readJson(manifestKey(key), Manifest);
  if (!manifest) throw new Failure('no-backup', `${key} has no manifest, and so is no backup`);
  return manifest;
}
