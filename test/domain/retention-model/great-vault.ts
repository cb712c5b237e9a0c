import {
  artifactKey,
  manifestKey,
  membersKey,
  outcomeKey,
  parseArtifactKey,
  planKey,
  runRecordKey,
} from '../../../lib/domain/backup/keys.ts';
import type { Tier } from '../../../lib/domain/backup/tiers.ts';
import { planRetention, type VerifiedBackup } from '../../../lib/domain/retention/retention.ts';
import { Sweep, type SweptObject } from '../../../lib/domain/retention/sweep.ts';
import { type Slot, slotOf } from '../../../lib/domain/time/slot.ts';

/*
 * A program of its own, so that its memory is its own: plans retention and a sweep over a vault of 100,000 manifests among
 * 1,000,000 objects, which come as a listing gives them, one by one and in order, and tells what it took.
 */
const SOURCES = 1000;
const NIGHTS = 1000;
const LAST = Date.UTC(2026, 3, 19, 2);
const NOW = new Date(LAST + 3_600_000);
const DAY = 86_400_000;

const slots: readonly Slot[] = Array.from({ length: NIGHTS }, (_, n) => slotOf(new Date(LAST - (NIGHTS - 1 - n) * DAY)));
const recent = (count: number): readonly Slot[] => slots.slice(-count);
const TIERS: readonly (readonly [Tier, readonly Slot[]])[] = [
  ['daily', recent(61)],
  ['monthly', slots.filter((slot) => slot.slice(6, 8) === '01').slice(-28)],
  ['weekly', slots.filter((_, n) => n % 7 === 0).slice(-12)],
];
const ids = Array.from({ length: SOURCES }, (_, n) => `db_${String(n).padStart(4, '0')}`);
const sha256 = 'abcdef0123456789'.repeat(4);

function* listing(): Generator<SweptObject> {
  for (const [tier, kept] of TIERS.slice(0, 2)) yield* tierObjects(tier, kept);
  for (const slot of slots) yield* runObjects(slot);
  for (const [tier, kept] of TIERS.slice(2)) yield* tierObjects(tier, kept);
}

/** Each backup is a tree with a list of its members; of each source one killed night has left an artifact. */
function* tierObjects(tier: Tier, kept: readonly Slot[]): Generator<SweptObject> {
  for (const sourceId of ids)
    for (const slot of kept) {
      const key = artifactKey({ tier, sourceId, slot, format: 'tar.gz' });
      const lastModified = lastModifiedOf(slot);
      yield { key, lastModified };
      const orphan = tier === 'daily' && slot === kept[3];
      if (!orphan) yield { key: manifestKey(key), lastModified };
      if (!orphan) yield { key: membersKey(key, sha256), lastModified };
    }
}

function* runObjects(slot: Slot): Generator<SweptObject> {
  const lastModified = lastModifiedOf(slot);
  const run = { slot, attempt: 1 };
  yield { key: runRecordKey(run), lastModified };
  for (const id of ids.slice(0, 700)) yield { key: outcomeKey(run, id), lastModified };
  yield { key: planKey(run), lastModified };
}

const lastModifiedOf = (slot: Slot): Date => new Date(LAST - (NIGHTS - 1 - slots.indexOf(slot)) * DAY + 60_000);

const began = performance.now();
const sweep = new Sweep({ now: NOW, longestRunHours: 13 });
const backups = new Map<string, VerifiedBackup[]>(ids.map((id) => [id, []]));
let objects = 0;
let manifests = 0;
for (const object of listing()) {
  objects++;
  sweep.seeObject(object);
  const name = parseArtifactKey(object.key);
  if (name?.part !== 'manifest') continue;
  manifests++;
  backups.get(name.sourceId)?.push({ key: artifactKey(name), tier: name.tier, slot: name.slot });
}

const keep = { daily: '50d', weekly: 10, monthly: '24mo' };
const decisions = ids.flatMap((id) => planRetention({ now: NOW, keep, backups: backups.get(id) ?? [] }));
const { counts } = sweep.plan();
const seconds = (performance.now() - began) / 1000;
const removed = decisions.filter(({ action }) => action === 'remove').length;
const rssMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ objects, manifests, decisions: decisions.length, removed, counts, seconds, rssMiB }));
