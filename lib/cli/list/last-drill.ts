import { parseArtifactKey, stemOf } from '../../domain/backup/keys.ts';
import type { Manifest } from '../../domain/backup/manifest.ts';
import { evidenceKey } from '../../domain/backup/operation-keys.ts';
import { DrillEvidence } from '../../domain/drill/evidence.ts';
import { dateOfSlot, type Slot } from '../../domain/time/slot.ts';
import { type DrillTimes, drillTimes } from '../../runtime/drill-evidence.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Vault } from '../../runtime/vault.ts';
import { readDocument } from '../place/vault-document.ts';
import type { ListedBackup } from './inventory.ts';

/** A drill of a backup. */
export interface Drill {
  readonly at: Slot;
  readonly evidence: DrillEvidence;
}

/** The last drill of each backup, by its stem. Copies of one artifact share it. */
export type LastDrills = ReadonlyMap<string, Drill>;

/** Looks for the last drill of each of these backups: one listing, and the newest evidence of each. */
export async function lastDrills(vault: Vault, backups: readonly ListedBackup[], sourceId?: string): Promise<LastDrills> {
  const times = await drillTimes(vault, sourceId);
  const byStem = new Map(backups.flatMap(({ key, manifest }) => stemsIn(key).map((stem) => [stem, manifest] as const)));
  const found = await inTurn([...byStem], async ([stem, manifest]) => {
    const drill = await newestOf(vault, times, { stem, manifest });
    return drill ? [[stem, drill] as const] : [];
  });
  return new Map(found.flat());
}

const stemsIn = (key: string): readonly string[] => {
  const name = parseArtifactKey(key);
  return name ? [stemOf(name)] : [];
};

/** The last drill of a backup, by its key. */
export const drillOf = (drills: LastDrills, key: string): Drill | undefined =>
  stemsIn(key).flatMap((stem) => drills.get(stem) ?? [])[0];

interface Drilled {
  readonly stem: string;
  readonly manifest: Manifest;
}

async function newestOf(vault: Vault, times: DrillTimes, drilled: Drilled): Promise<Drill | undefined> {
  for (const at of times.get(drilled.stem) ?? []) {
    const drill = await readDrill(vault, at, drilled);
    if (drill) return drill;
  }
  return undefined;
}

/** What a drill showed; undefined where its evidence cannot be read, or speaks of other bytes than this backup has. */
export async function readDrill(vault: Vault, at: Slot, { stem, manifest }: Drilled): Promise<Drill | undefined> {
  const document = await readDocument(vault, evidenceKey(stem, at), DrillEvidence);
  if (!('found' in document) || document.found.sha256 !== manifest.receipt.sha256) return undefined;
  return { at, evidence: document.found };
}

/** How the last drill went, for a table: `never`, `passed 2026-04-19`, `FAILED 2026-04-19`. */
export const showLastDrill = (drill: Drill | undefined): string =>
  drill ? `${drill.evidence.result === 'passed' ? 'passed' : 'FAILED'} ${dateOfSlot(drill.at)}` : 'never';
