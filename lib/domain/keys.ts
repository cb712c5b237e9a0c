import { parseSlot, type Slot } from './slot.ts';
import { isSourceId } from './source-id.ts';
import { TIERS, type Tier } from './tiers.ts';

const MANIFEST_SUFFIX = '.manifest.json';

/** The one ending of each kind of artifact; plain tools recognise it. */
export const ARTIFACT_SUFFIX = { database: '.dump' } as const;

export type ArtifactKind = keyof typeof ARTIFACT_SUFFIX;

/** What an artifact's key says of it. */
export interface ArtifactName {
  readonly tier: Tier;
  readonly sourceId: string;
  readonly slot: Slot;
  readonly kind: ArtifactKind;
}

/** `daily/aletheia_prod_20260419_020001.dump` */
export const artifactKey = ({ tier, sourceId, slot, kind }: ArtifactName): string =>
  `${tier}/${sourceId}_${slot}${ARTIFACT_SUFFIX[kind]}`;

/** The prefix under which all artifacts of one source in one tier lie, and those of ids that begin alike: parse what it lists. */
export const artifactPrefix = (tier: Tier, sourceId: string): string => `${tier}/${sourceId}_`;

/** The commit record of an artifact. Without it there is no backup. */
export const manifestKey = (artifact: string): string => `${artifact}${MANIFEST_SUFFIX}`;

/** Reads an artifact's key, or a manifest's, back into what it names; undefined for any key that nightproof does not write. */
export function parseArtifactKey(key: string): (ArtifactName & { readonly manifest: boolean }) | undefined {
  const manifest = key.endsWith(MANIFEST_SUFFIX);
  const artifact = manifest ? key.slice(0, -MANIFEST_SUFFIX.length) : key;

  const match = /^([a-z]+)\/(.+)_(\d{8}_\d{6})(\.[a-z.]+)$/.exec(artifact);
  if (!match) return undefined;
  const [, tier, sourceId, slotText, suffix] = match as unknown as [string, string, string, string, string];

  const slot = parseSlot(slotText);
  const kind = (Object.keys(ARTIFACT_SUFFIX) as ArtifactKind[]).find((k) => ARTIFACT_SUFFIX[k] === suffix);
  if (!slot || !kind || !isSourceId(sourceId) || !(TIERS as readonly string[]).includes(tier)) return undefined;
  return { tier: tier as Tier, sourceId, slot, kind, manifest };
}

/** One start of a slot. The first is 1; a slot that failed can be started again, and each start leaves records of its own. */
export interface Attempt {
  readonly slot: Slot;
  readonly attempt: number;
}

/** `runs/2026/04/20260419_020001`: everything a run leaves begins with this. */
const runStem = (slot: Slot): string => `${RUNS_PREFIX}${slot.slice(0, 4)}/${slot.slice(4, 6)}/${slot}`;

const numbered = (stem: string, attempt: number): string => (attempt === 1 ? `${stem}.json` : `${stem}.${attempt}.json`);

export const RUNS_PREFIX = 'runs/';

/** The folder of a run's details. */
export const runFolder = (slot: Slot): string => `${runStem(slot)}/`;

/** The claim of an attempt and all it was told to do. */
export const planKey = ({ slot, attempt }: Attempt): string => numbered(`${runStem(slot)}/plan`, attempt);

/** The items of the Map: a JSON array of `JobItem`, the only shape that an ItemReader takes. */
export const jobsKey = ({ slot, attempt }: Attempt): string => numbered(`${runStem(slot)}/jobs`, attempt);

/** What became of one source. */
export const outcomeKey = ({ slot, attempt }: Attempt, sourceId: string): string =>
  numbered(`${runStem(slot)}/${sourceId}`, attempt);

/** What each try of the dump task of one source saw, numbered in the order they were written, over all attempts. */
export const tryPrefix = (slot: Slot, sourceId: string): string => `${runStem(slot)}/${sourceId}/`;
export const tryKey = (slot: Slot, sourceId: string, n: number): string =>
  `${tryPrefix(slot, sourceId)}try-${String(n).padStart(3, '0')}.json`;

/** What retention decided, a reason for each backup. */
export const retentionKey = ({ slot, attempt }: Attempt): string => numbered(`${runStem(slot)}/retention`, attempt);

/** What the store refused to remove, where it refused something. The dot keeps it apart from every source. */
export const refusalsKey = ({ slot, attempt }: Attempt): string => numbered(`${runStem(slot)}/retention.refused`, attempt);

/** What the run did, failures included; written last. */
export const runRecordKey = ({ slot, attempt }: Attempt): string => numbered(runStem(slot), attempt);
