import { NIGHTLY, type PlanName } from '../run/plan-name.ts';
import { isSourceId } from '../source/source-id.ts';
import { dateOfSlot, parseSlot, type Slot } from '../time/slot.ts';
import { TIERS, type Tier } from './tiers.ts';

const MANIFEST_SUFFIX = '.manifest.json';
const DAMAGED_SUFFIX = '.damaged.json';

/** What an artifact is, told by the ending of its key; plain tools recognise it. `.age`: encrypted to age recipients. */
const PLAIN_FORMATS = ['dump', 'sql', 'tar.gz', 'tar.zst'] as const;
type PlainFormat = (typeof PLAIN_FORMATS)[number];
export type ArtifactFormat = PlainFormat | `${PlainFormat}.age`;

const isFormat = (text: string): text is ArtifactFormat =>
  (PLAIN_FORMATS as readonly string[]).includes(text.endsWith('.age') ? text.slice(0, -'.age'.length) : text);

/** What an artifact's key says of it. */
export interface ArtifactName {
  readonly tier: Tier;
  readonly sourceId: string;
  /** The slot of its run; in the archive, midnight UTC of the date of the data. */
  readonly slot: Slot;
  readonly format: ArtifactFormat;
}

/** `daily/aletheia_prod_20260419_020001.dump`, `archive/rpps_prod_2026-04-15.tar.gz` */
export const artifactKey = (name: ArtifactName): string => `${name.tier}/${stemOf(name)}.${name.format}`;

/** The name of a backup whatever its tier: copies of one artifact share it, and so does the evidence of what was found out about their bytes. */
export const stemOf = (name: ArtifactName): string => `${name.sourceId}_${stampOf(name)}`;

const stampOf = ({ tier, slot }: ArtifactName): string => (tier === 'archive' ? dateOfSlot(slot) : slot);

/** The prefix under which all artifacts of one source in one tier lie, and those of ids that begin alike: parse what it lists. */
export const artifactPrefix = (tier: Tier, sourceId: string): string => `${tier}/${sourceId}_`;

/** The commit record of an artifact. Without it there is no backup. */
export const manifestKey = (artifact: string): string => `${artifact}${MANIFEST_SUFFIX}`;

/** Where it is said that a backup was found damaged after it had been verified: it counts as none from then on. */
export const damagedKey = (artifact: string): string => `${artifact}${DAMAGED_SUFFIX}`;

/**
 * The list of a tree's members lies beside its artifact, under the name of its own content (the SHA-256 of the object as it is
 * stored), so that two tries never meet there. It is encrypted where the artifact is: names and hashes of files tell much of them.
 */
export const membersKey = (artifact: string, sha256: string): string =>
  `${membersPrefix(artifact)}${sha256.slice(0, 16)}.jsonl.gz${artifact.endsWith('.age') ? '.age' : ''}`;
export const membersPrefix = (artifact: string): string => `${artifact}.members-`;

const NAME =
  /^([a-z]+)\/(.+)_(\d{8}_\d{6}|\d{4}-\d{2}-\d{2})\.([a-z.]+?)(\.manifest\.json|\.damaged\.json|\.members-[0-9a-f]{16}\.jsonl\.gz(?:\.age)?)?$/;

/** What lies under a key: the artifact itself, its manifest, the list of its members, or the record that it is damaged. */
export type ArtifactPart = 'artifact' | 'manifest' | 'members' | 'damaged';

/** Reads the key of an artifact, or of what belongs to one, back into what it names; undefined for any key that nightproof does not write. */
export function parseArtifactKey(key: string): (ArtifactName & { readonly part: ArtifactPart }) | undefined {
  const match = NAME.exec(key);
  if (!match) return undefined;
  const [, tier, sourceId, stamp, format, belongs] = match as unknown as [string, string, string, string, string, string?];

  const dated = tier === 'archive';
  const slot = parseSlot(dated ? `${stamp.replaceAll('-', '')}_000000` : stamp);
  if (!slot || (stamp.length === 10) !== dated) return undefined;
  if (!isFormat(format) || !isSourceId(sourceId) || !(TIERS as readonly string[]).includes(tier)) return undefined;
  // the list of an encrypted tree is encrypted, that of any other is not
  if (belongs?.includes('.members-') && belongs.endsWith('.age') !== format.endsWith('.age')) return undefined;
  return { tier: tier as Tier, sourceId, slot, format, part: partOf(belongs) };
}

function partOf(belongs: string | undefined): ArtifactPart {
  if (belongs === undefined) return 'artifact';
  if (belongs === MANIFEST_SUFFIX) return 'manifest';
  return belongs === DAMAGED_SUFFIX ? 'damaged' : 'members';
}

/** A run: a slot of one plan. Two plans may have slots at the same instant. */
export interface Run {
  readonly slot: Slot;
  /** @default "nightly" */
  readonly plan?: PlanName;
}

/** One start of a run. The first is 1; a run that failed can be started again, and each start leaves records of its own. */
export interface Attempt extends Run {
  readonly attempt: number;
}

/** `runs/2026/04/20260419_020001`, of another plan than the nightly one `runs/2026/04/20260419_030000.media`: all its records begin with this. */
const runStem = ({ slot, plan = NIGHTLY }: Run): string =>
  `${RUNS_PREFIX}${slot.slice(0, 4)}/${slot.slice(4, 6)}/${slot}${plan === NIGHTLY ? '' : `.${plan}`}`;

const numbered = (stem: string, attempt: number): string => (attempt === 1 ? `${stem}.json` : `${stem}.${attempt}.json`);

export const RUNS_PREFIX = 'runs/';

/** The folder of a run's details. */
export const runFolder = (run: Run): string => `${runStem(run)}/`;

/** The claim of an attempt and all it was told to do. */
export const planKey = (run: Attempt): string => numbered(`${runStem(run)}/plan`, run.attempt);

/** The items of the Map: a JSON array of `JobItem`, the only shape that an ItemReader takes. */
export const jobsKey = (run: Attempt): string => numbered(`${runStem(run)}/jobs`, run.attempt);

/** What a group of sources turned out to hold, as its task found it; without a group, what all of them held together. */
export const foundKey = (run: Attempt, groupId?: string): string =>
  numbered(`${runStem(run)}/${groupId === undefined ? '' : `${groupId}.`}found`, run.attempt);

/** What became of one source. */
export const outcomeKey = (run: Attempt, sourceId: string): string => numbered(`${runStem(run)}/${sourceId}`, run.attempt);

/**
 * What each try of the dump task of one source saw, numbered in the order they were written, over all attempts and whatever the
 * plan: they speak of the one artifact that the source has in this slot.
 */
export const tryPrefix = (slot: Slot, sourceId: string): string => `${runStem({ slot })}/${sourceId}/`;
export const tryKey = (slot: Slot, sourceId: string, n: number): string =>
  `${tryPrefix(slot, sourceId)}try-${String(n).padStart(3, '0')}.json`;

/** What retention decided, a reason for each backup. */
export const retentionKey = (run: Attempt): string => numbered(`${runStem(run)}/retention`, run.attempt);

/** What the store refused to remove, where it refused something. The dot keeps it apart from every source. */
export const refusalsKey = (run: Attempt): string => numbered(`${runStem(run)}/retention.refused`, run.attempt);

/** What was left behind by earlier runs, and cleared away. */
export const sweepKey = (run: Attempt): string => numbered(`${runStem(run)}/sweep`, run.attempt);

/** What the run did, failures included; written last. */
export const runRecordKey = (run: Attempt): string => numbered(runStem(run), run.attempt);
