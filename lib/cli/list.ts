import { showBytes } from '../domain/bytes.ts';
import { instantOf } from '../domain/slot.ts';
import { TIERS, type Tier } from '../domain/tiers.ts';
import { showAge } from './age.ts';
import type { Backend, Place } from './backend.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { plural, showCount } from './fields.ts';
import { findingLines } from './finding-lines.ts';
import { type Inventory, type ListedBackup, takeInventory } from './inventory.ts';
import { ListOutput } from './list-output.ts';
import { requireSourceId } from './run-input.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withBackend } from './with-backend.ts';

export interface ListOptions {
  readonly source?: string;
  readonly tier?: Tier;
  readonly limit: number;
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'SLOT' },
  { title: 'SOURCE', shrinks: true },
  { title: 'TIER' },
  { title: 'SIZE', align: 'right' },
  { title: 'TABLES', align: 'right' },
  { title: 'ROWS', align: 'right' },
  { title: 'PROOF' },
  { title: 'AGE', align: 'right' },
];

/** Lists the vault's backups, newest first. */
export async function list(context: CliContext, place: Place, { source, tier, limit, json }: ListOptions): Promise<ExitCode> {
  if (source !== undefined) requireSourceId(source);
  return withBackend(context, place, { does: 'read' }, async (backend) => {
    const tiers = tier ? [tier] : TIERS;
    const inventory = await takeInventory(backend.vault, { tiers, limit, ...(source !== undefined && { sourceId: source }) });
    const now = context.now();
    if (json) context.terminal.json(ListOutput.parse(output(inventory, backend.vault.bucket, now)));
    else context.terminal.result(lines(inventory, backend, context.terminal, now));
    return inventory.total > 0 ? EXIT.done : EXIT.unverified;
  });
}

function lines(inventory: Inventory, backend: Backend, terminal: Terminal, now: Date): readonly string[] {
  const { backups, findings } = inventory;
  const rows = backups.map((backup) => row(backup, terminal, now));
  return [
    ...(rows.length > 0 ? [...renderTable(COLUMNS, rows, terminal.resultColumns), ''] : []),
    ...footer(inventory, backend),
    ...(findings.length > 0 ? ['', ...findingLines(findings, terminal)] : []),
  ];
}

function row({ manifest }: ListedBackup, terminal: Terminal, now: Date): readonly Cell[] {
  const { slot, sourceId, tier, receipt, proof } = manifest;
  const { tables } = receipt.contents;
  return [
    slot,
    sourceId,
    tier,
    showBytes(receipt.bytes),
    showCount(tables.length),
    showCount(rowsOf(manifest)),
    { text: proof, paint: (text) => terminal.paint('good', text) },
    showAge((now.getTime() - instantOf(slot).getTime()) / 1000),
  ];
}

const rowsOf = ({ receipt }: ListedBackup['manifest']): number =>
  receipt.contents.tables.reduce((sum, { rows }) => sum + rows, 0);

function footer(inventory: Inventory, backend: Backend): readonly string[] {
  const { backups, total, unread, totalBytes, sources, withoutManifest, foreign } = inventory;
  const [first] = backups;
  const rest = unread > 0 ? `; the newest ${showCount(backups.length)} shown, --limit all shows the rest` : '';
  return [
    total === 0 ? 'No backups.' : `${plural(total, 'backup')} of ${plural(sources, 'source')}, ${showBytes(totalBytes)}${rest}`,
    ...bareLines(withoutManifest.length),
    ...foreignLines(foreign.length),
    '',
    `Vault   ${backend.vault.bucket} (${backend.name})`,
    ...(first ? [`Detail  nightproof show ${first.key}${backend.flags}`] : []),
  ];
}

function bareLines(count: number): readonly string[] {
  if (count === 0) return [];
  return [
    `${plural(count, 'object')} without a manifest: no ${count === 1 ? 'backup' : 'backups'} (a dump under way, or a failed one)`,
  ];
}

const foreignLines = (count: number): readonly string[] =>
  count === 0 ? [] : [`${plural(count, 'object')} that nightproof did not write; --json names ${count === 1 ? 'it' : 'them'}`];

function output(inventory: Inventory, vault: string, now: Date): ListOutput {
  const { total, totalBytes, withoutManifest, foreign, findings } = inventory;
  const backups = inventory.backups.map(({ key, manifest }) => ({
    key,
    slot: manifest.slot,
    sourceId: manifest.sourceId,
    tier: manifest.tier,
    bytes: manifest.receipt.bytes,
    tables: manifest.receipt.contents.tables.length,
    rows: rowsOf(manifest),
    proof: manifest.proof,
    createdAt: manifest.createdAt,
    ageSeconds: Math.floor((now.getTime() - instantOf(manifest.slot).getTime()) / 1000),
  }));
  const rest = { withoutManifest: [...withoutManifest], foreign: [...foreign], findings: [...findings] };
  return { version: 1, kind: 'list', vault, at: now.toISOString(), total, totalBytes, backups, ...rest };
}
