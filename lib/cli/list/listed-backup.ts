import { parseArtifactKey } from '../../domain/backup/keys.ts';
import type { Manifest } from '../../domain/backup/manifest.ts';
import { showBytes } from '../../domain/bytes.ts';
import { countsOf, showCounts } from '../../domain/run/counts.ts';
import type { Keep } from '../../domain/source/source.ts';
import { instantOf, type Slot } from '../../domain/time/slot.ts';
import { planNameOf } from '../run/run-name.ts';
import { showAge } from '../status/age.ts';
import type { Cell, Column } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { ListedBackup } from './inventory.ts';
import { keptBy } from './keep-rules.ts';
import type { ListedOutput } from './list-output.ts';

export const LISTED_COLUMNS: readonly Column[] = [
  { title: 'SLOT OR DATE' },
  { title: 'SOURCE', shrinks: true },
  { title: 'TIER' },
  { title: 'SIZE', align: 'right' },
  { title: 'CONTENTS', shrinks: true },
  { title: 'PROOF' },
  { title: 'KEPT UNTIL', optional: true },
  { title: 'AGE', align: 'right' },
];

/** What a row of a list is made of. */
export interface ListContext {
  readonly now: Date;
  readonly rules: ReadonlyMap<string, Keep>;
}

export function listedRow({ key, manifest }: ListedBackup, { now, rules }: ListContext, terminal: Terminal): readonly Cell[] {
  const { slot, date, sourceId, tier, receipt, proof } = manifest;
  const kept = keptBy(rules.get(sourceId), { tier, slot: stampOf(key, slot) });
  return [
    date ?? slot,
    sourceId,
    tier,
    showBytes(receipt.bytes),
    showCounts(countsOf(receipt)),
    { text: proof, paint: (text) => terminal.paint('good', text) },
    kept.words,
    showAge(ageOf({ key, manifest }, now)),
  ];
}

export function listedOutput(backup: ListedBackup, { now, rules }: ListContext): ListedOutput {
  const { key, manifest } = backup;
  const { slot, date, sourceId, tier, receipt, proof, createdAt, kind } = manifest;
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
    proof,
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
