import { DamageRecord } from '../../domain/backup/damage.ts';
import {
  type ArtifactName,
  artifactKey,
  artifactPrefix,
  damagedKey,
  manifestKey,
  parseArtifactKey,
} from '../../domain/backup/keys.ts';
import { Manifest } from '../../domain/backup/manifest.ts';
import type { Tier } from '../../domain/backup/tiers.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Vault } from '../../runtime/vault.ts';
import { type Finding, readDocument } from '../place/vault-document.ts';

/** A backup: an artifact with its manifest. */
export interface ListedBackup {
  readonly key: string;
  readonly manifest: Manifest;
}

export interface Inventory {
  /** The newest, at most as many as asked for. */
  readonly backups: readonly ListedBackup[];
  /** Backups that match: those above, and those beyond the limit by their manifests' names alone. */
  readonly total: number;
  /** How many of them are beyond the limit. */
  readonly unread: number;
  /** What everything with a manifest takes up. */
  readonly totalBytes: number;
  readonly sources: number;
  /** The newest daily of each source that is shown, else its newest backup; the tier that was asked for does not matter. */
  readonly newest: readonly ArtifactName[];
  /** Artifacts without a manifest: no backups. */
  readonly withoutManifest: readonly string[];
  /** Objects that carry no name that nightproof gives. */
  readonly foreign: readonly string[];
  readonly findings: readonly Finding[];
}

export interface InventoryQuery {
  readonly tiers: readonly Tier[];
  readonly sourceId?: string;
  /** How many manifests are read. */
  readonly limit: number;
}

interface Listing {
  /** Sizes by key. */
  readonly artifacts: Map<string, number>;
  readonly manifests: ArtifactName[];
  /** Those beside which a reader left the record that they are damaged. */
  readonly damaged: Set<string>;
  readonly foreign: string[];
}

/** Takes stock of a vault, newest first. Only manifests count; artifacts without one are named apart. */
export async function takeInventory(vault: Vault, query: InventoryQuery): Promise<Inventory> {
  const tiers = new Set<Tier>([...query.tiers, 'daily']);
  const listings = new Map(
    await Promise.all([...tiers].map(async (tier) => [tier, await listTier(vault, tier, query.sourceId)] as const)),
  );
  const { artifacts, manifests: all, damaged, foreign } = merged(query.tiers.flatMap((tier) => listings.get(tier) ?? []));
  const committed = new Set(all.map(artifactKey));
  const manifests = all.filter((name) => !damaged.has(artifactKey(name)));
  const newest = manifests.sort(newestFirst).slice(0, query.limit);
  const read = await inTurn(newest, (name) => readBackup(vault, artifactKey(name), artifacts));

  const backups = read.flatMap((one) => ('manifest' in one ? [one] : []));
  const unread = manifests.length - newest.length;
  return {
    backups,
    total: backups.length + unread,
    unread,
    totalBytes: [...committed].reduce((sum, key) => sum + (artifacts.get(key) ?? 0), 0),
    sources: new Set(manifests.map(({ sourceId }) => sourceId)).size,
    newest: newestOf([...(listings.get('daily')?.manifests ?? []), ...newest], backups),
    withoutManifest: [...artifacts.keys()].filter((key) => !committed.has(key)).sort(),
    foreign,
    findings: [
      ...read.flatMap((one) => ('problem' in one ? [one] : [])),
      ...(await inTurn(
        [...damaged].filter((key) => committed.has(key)),
        (key) => damageOf(vault, key),
      )),
    ],
  };
}

function newestOf(names: readonly ArtifactName[], backups: readonly ListedBackup[]): readonly ArtifactName[] {
  const shown = new Set(backups.map(({ manifest }) => manifest.sourceId));
  const newest = new Map<string, ArtifactName>();
  for (const name of [...names].sort(newestFirst))
    if (shown.has(name.sourceId) && name.tier !== 'archive' && !newest.has(name.sourceId)) newest.set(name.sourceId, name);
  return [...newest.values()];
}

async function listTier(vault: Vault, tier: Tier, sourceId: string | undefined): Promise<Listing> {
  const listing: Listing = { artifacts: new Map(), manifests: [], damaged: new Set(), foreign: [] };
  for await (const { key, bytes } of vault.list(sourceId === undefined ? `${tier}/` : artifactPrefix(tier, sourceId))) {
    const name = parseArtifactKey(key);
    // ids that begin alike share a prefix
    if (sourceId !== undefined && name?.sourceId !== sourceId) continue;
    if (!name) listing.foreign.push(key);
    else if (name.part === 'manifest') listing.manifests.push(name);
    else if (name.part === 'damaged') listing.damaged.add(artifactKey(name));
    else if (name.part === 'artifact') listing.artifacts.set(key, bytes);
  }
  return listing;
}

const merged = (listings: readonly Listing[]): Listing => ({
  artifacts: new Map(listings.flatMap(({ artifacts }) => [...artifacts])),
  manifests: listings.flatMap(({ manifests }) => manifests),
  damaged: new Set(listings.flatMap(({ damaged }) => [...damaged])),
  foreign: listings.flatMap(({ foreign }) => foreign),
});

/** Of one slot by source, and of one source the daily before its copies. */
const newestFirst = (a: ArtifactName, b: ArtifactName): number =>
  compare(b.slot, a.slot) || compare(a.sourceId, b.sourceId) || compare(a.tier, b.tier);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What the record beside a backup says; undefined where there is none. */
export async function recordedDamage(vault: Vault, key: string): Promise<Finding | undefined> {
  const document = await readDocument(vault, damagedKey(key), DamageRecord);
  if ('absent' in document) return undefined;
  if ('damaged' in document) return { key, problem: 'was found damaged, and the record that says so cannot be read' };
  const { foundAt, foundBy, problem } = document.found;
  return { key, problem: `was found damaged on ${foundAt.slice(0, 10)} (${foundBy}): ${problem.replace(`${key}: `, '')}` };
}

const damageOf = async (vault: Vault, key: string): Promise<Finding> =>
  (await recordedDamage(vault, key)) ?? { key, problem: 'was found damaged' };

async function readBackup(vault: Vault, key: string, artifacts: ReadonlyMap<string, number>): Promise<ListedBackup | Finding> {
  const document = await readDocument(vault, manifestKey(key), Manifest);
  if ('absent' in document) return { key: manifestKey(key), problem: 'was removed while this list was made' };
  if ('damaged' in document) return { key: manifestKey(key), problem: document.damaged };

  const { found: manifest } = document;
  if (manifest.key !== key) return { key: manifestKey(key), problem: `speaks of another object, ${manifest.key}` };
  const bytes = artifacts.get(key);
  if (bytes === undefined) return { key, problem: 'is gone, though its manifest is there: nothing can be restored from it' };
  if (bytes !== manifest.receipt.bytes)
    return {
      key,
      problem: `has ${bytes} bytes, but its manifest says ${manifest.receipt.bytes}: do not restore it before looking into it`,
    };
  return { key, manifest };
}
