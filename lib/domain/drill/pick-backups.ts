import { createHash } from 'node:crypto';
import { parseArtifactKey, stemOf } from '../backup/keys.ts';
import { parseEvidenceKey } from '../backup/operation-keys.ts';
import type { VerifiedBackup } from '../retention/retention.ts';
import { parseDuration } from '../time/duration.ts';
import { instantOf, type Slot } from '../time/slot.ts';
import type { DrillPick } from './drill-settings.ts';

export interface PickQuestion {
  /** Backups of every source that may be drilled. */
  readonly bySource: ReadonlyMap<string, readonly VerifiedBackup[]>;
  readonly pick: DrillPick;
  /** Keys under `drills/`. */
  readonly evidenceKeys: readonly string[];
  /** So many at most; those that waited longest come first. @default - all */
  readonly most?: number;
  readonly now: Date;
  /** Decides what "random" is: the same for a repeated call. */
  readonly seed: string;
}

export interface Picked {
  readonly backups: readonly { readonly sourceId: string; readonly key: string }[];
  readonly passedOver: readonly { readonly sourceId: string; readonly why: string }[];
}

/** One backup of each source, those first whose source was drilled least recently or never. */
export function pickBackups(question: PickQuestion): Picked {
  const { bySource, evidenceKeys, most } = question;
  const drilled = lastDrills(evidenceKeys);
  const judged = [...bySource].map(([sourceId, backups]) => ({ sourceId, ...judge(sourceId, backups, question) }));
  const drillable = judged.flatMap(({ sourceId, key }) => (key === undefined ? [] : [{ sourceId, key }]));
  const inTurn = drillable.sort((a, b) => {
    const [lastA, lastB] = [drilled.get(a.sourceId) ?? '', drilled.get(b.sourceId) ?? ''];
    return lastA === lastB ? (a.sourceId < b.sourceId ? -1 : 1) : lastA < lastB ? -1 : 1;
  });
  return {
    backups: inTurn.slice(0, most),
    passedOver: judged.flatMap(({ sourceId, why }) => (why === undefined ? [] : [{ sourceId, why }])),
  };
}

function judge(
  sourceId: string,
  backups: readonly VerifiedBackup[],
  { pick, now, seed }: PickQuestion,
): { readonly key?: string; readonly why?: string } {
  const good = copiesOnce(backups.filter(({ damaged }) => !damaged));
  if (good.length === 0) return { why: 'it has no undamaged backup' };
  const plain = good.filter(({ key }) => !key.endsWith('.age'));
  if (plain.length === 0) return { why: 'its backups are encrypted, and a drill is given no private key' };
  const found = pickOne(plain, pick, { now, seed: `${seed} ${sourceId}` });
  return found ? { key: found.key } : { why: 'it has no backup of that age' };
}

/** Newest first; of copies of one backup the one in the first tier. */
function copiesOnce(backups: readonly VerifiedBackup[]): readonly VerifiedBackup[] {
  const byStem = new Map<string, VerifiedBackup>();
  for (const backup of backups) {
    const name = parseArtifactKey(backup.key);
    const stem = name ? stemOf(name) : backup.key;
    if (!byStem.has(stem)) byStem.set(stem, backup);
  }
  return [...byStem.values()].sort((a, b) => (a.slot < b.slot ? 1 : -1));
}

function pickOne(
  newestFirst: readonly VerifiedBackup[],
  pick: DrillPick,
  { now, seed }: Pick<PickQuestion, 'now' | 'seed'>,
): VerifiedBackup | undefined {
  if (pick === 'latest') return newestFirst[0];
  if (pick === 'random') return newestFirst[numberOf(seed) % newestFirst.length];
  const before = now.getTime() - (parseDuration(pick.age) ?? 0) * 1000;
  return newestFirst.find(({ slot }) => instantOf(slot).getTime() <= before);
}

const numberOf = (seed: string): number => createHash('sha256').update(seed).digest().readUInt32BE(0);

/** When each source was drilled last. */
function lastDrills(keys: readonly string[]): ReadonlyMap<string, Slot> {
  const last = new Map<string, Slot>();
  for (const key of keys) {
    const found = parseEvidenceKey(key);
    const [, sourceId] = /^(.+)_(?:\d{8}_\d{6}|\d{4}-\d{2}-\d{2})$/.exec(found?.stem ?? '') ?? [];
    if (found && sourceId !== undefined && found.at > (last.get(sourceId) ?? '')) last.set(sourceId, found.at);
  }
  return last;
}
