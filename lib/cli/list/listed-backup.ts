import { parseArtifactKey } from '../../domain/backup/keys.ts';
import type { Manifest, PROOFS } from '../../domain/backup/manifest.ts';
import { showBytes } from '../../domain/bytes.ts';
import { restoreSeconds } from '../../domain/drill/evidence.ts';
import { countsOf, showCounts } from '../../domain/run/counts.ts';
import type { Keep } from '../../domain/source/source.ts';
import { instantOf, type Slot } from '../../domain/time/slot.ts';
import { planNameOf } from '../run/run-name.ts';
import { showAge } from '../status/age.ts';
import type { Cell, Column } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { ListedBackup } from './inventory.ts';
import { keptBy } from './keep-rules.ts';
import { type Drill, drillOf, type LastDrills, showLastDrill } from './last-drill.ts';
import type { LastDrillOutput, ListedOutput } from './list-output.ts';

export const LISTED_COLUMNS: readonly Column[] = [
  { title: 'SLOT OR DATE' },
  { title: 'SOURCE', shrinks: true },
  { title: 'TIER' },
  { title: 'SIZE', align: 'right' },
  { title: 'CONTENTS', shrinks: true },
  { title: 'PROOF' },
  { title: 'LAST DRILL', optional: true },
  { title: 'KEPT UNTIL', optional: true },
  { title: 'AGE', align: 'right' },
];

/** What a row of a list is made of. */
export interface ListContext {
  readonly now: Date;
  readonly rules: ReadonlyMap<string, Keep>;
  readonly drills: LastDrills;
}

export function listedRow(
  { key, manifest }: ListedBackup,
  { now, rules, drills }: ListContext,
  terminal: Terminal,
): readonly Cell[] {
  const { slot, date, sourceId, tier, receipt } = manifest;
  const drill = drillOf(drills, key);
  const kept = keptBy(rules.get(sourceId), { tier, slot: stampOf(key, slot) });
  return [
    date ?? slot,
    sourceId,
    tier,
    showBytes(receipt.bytes),
    showCounts(countsOf(receipt)),
    proofCell(manifest, drill, terminal),
    drillCell(drill, terminal),
    kept.words,
    showAge(ageOf({ key, manifest }, now)),
  ];
}

/** What is known of a backup: a drill that passed says more than the manifest. */
const proofOf = ({ proof }: Manifest, drill: Drill | undefined): (typeof PROOFS)[number] =>
  drill?.evidence.result === 'passed' ? 'drilled' : proof;

/** A backup whose last drill failed must not look good, whatever fits beside it. */
const proofCell = (manifest: Manifest, drill: Drill | undefined, terminal: Terminal): Cell =>
  drill?.evidence.result === 'failed'
    ? { text: 'DRILL FAILED', paint: (text) => terminal.paint('bad', text) }
    : { text: proofOf(manifest, drill), paint: (text) => terminal.paint('good', text) };

function drillCell(drill: Drill | undefined, terminal: Terminal): Cell {
  const text = showLastDrill(drill);
  const failed = drill?.evidence.result === 'failed';
  return failed ? { text, paint: (shown) => terminal.paint('bad', shown) } : text;
}

/** The last drill as JSON has it; null where there was none. */
const lastDrillOutput = (drill: Drill | undefined): LastDrillOutput | null =>
  drill
    ? { at: instantOf(drill.at).toISOString(), result: drill.evidence.result, restoreSeconds: restoreSeconds(drill.evidence) }
    : null;

export function listedOutput(backup: ListedBackup, { now, rules, drills }: ListContext): ListedOutput {
  const { key, manifest } = backup;
  const { slot, date, sourceId, tier, receipt, createdAt, kind } = manifest;
  const drill = drillOf(drills, key);
  const kept = keptBy(rules.get(sourceId), { tier, slot: stampOf(key, slot) });
  return {
    key,
    slot,
    plan: planNameOf(manifest),
    date: date ?? null,
    sourceId,
    kind,
    tier,
    bytes: receipt.bytes,
    counts: countsOf(receipt),
    encrypted: isEncrypted(manifest),
    proof: proofOf(manifest, drill),
    lastDrill: lastDrillOutput(drill),
    createdAt,
    ageSeconds: Math.floor(ageOf(backup, now)),
    keepRule: kept.rule,
    retentionUntil: kept.until?.toISOString() ?? null,
  };
}

export const isEncrypted = ({ receipt }: Manifest): boolean => receipt.encryption !== undefined;

/** Of a run the slot, in the archive the date of the data: what the key says. */
const stampOf = (key: string, slot: Slot): Slot => parseArtifactKey(key)?.slot ?? slot;

const ageOf = ({ key, manifest }: ListedBackup, now: Date): number =>
  (now.getTime() - instantOf(stampOf(key, manifest.slot)).getTime()) / 1000;
