import { TIERS, type Tier } from '../../domain/backup/tiers.ts';
import { showBytes } from '../../domain/bytes.ts';
import { plural } from '../../domain/plain-text.ts';
import type { Backend, Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { withBackend } from '../place/with-backend.ts';
import { requireSourceId } from '../run/run-input.ts';
import { findingLines } from '../show/finding-lines.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { showCount } from '../terminal/fields.ts';
import { renderTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Inventory, takeInventory } from './inventory.ts';
import { keepRulesOf } from './keep-rules.ts';
import { lastDrills } from './last-drill.ts';
import { ListOutput } from './list-output.ts';
import { LISTED_COLUMNS, type ListContext, listedOutput, listedRow } from './listed-backup.ts';

const DEFAULT_LIMIT = 50;

export interface ListOptions {
  readonly source?: string;
  readonly tier?: Tier;
  readonly limit?: number;
  readonly json?: boolean;
}

/** Lists the vault's backups, newest first. */
export async function list(context: CliContext, place: Place, options: ListOptions): Promise<ExitCode> {
  const { source, tier, limit = DEFAULT_LIMIT, json } = options;
  if (source !== undefined) requireSourceId(source);
  return withBackend(context, place, { does: 'read' }, async (backend) => {
    const tiers = tier ? [tier] : TIERS;
    const inventory = await takeInventory(backend.vault, { tiers, limit, ...(source !== undefined && { sourceId: source }) });
    const [rules, drills] = await Promise.all([
      keepRulesOf(backend.vault, inventory.newest),
      lastDrills(backend.vault, inventory.backups, source),
    ]);
    const shown = { now: context.now(), rules, drills };
    if (json) context.terminal.json(ListOutput.parse(output(inventory, backend.vault.bucket, shown)));
    else context.terminal.result(lines(inventory, backend, context.terminal, shown));
    return inventory.total > 0 ? EXIT.done : EXIT.unverified;
  });
}

function lines(inventory: Inventory, backend: Backend, terminal: Terminal, shown: ListContext): readonly string[] {
  const { backups, findings } = inventory;
  const rows = backups.map((backup) => listedRow(backup, shown, terminal));
  return [
    ...(rows.length > 0 ? [...renderTable(LISTED_COLUMNS, rows, terminal.resultColumns), ''] : []),
    ...footer(inventory, backend),
    ...(findings.length > 0 ? ['', ...findingLines(findings, terminal)] : []),
  ];
}

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

function output(inventory: Inventory, vault: string, shown: ListContext): ListOutput {
  const { total, totalBytes, withoutManifest, foreign, findings } = inventory;
  const backups = inventory.backups.map((backup) => listedOutput(backup, shown));
  const rest = { withoutManifest: [...withoutManifest], foreign: [...foreign], findings: [...findings] };
  return { version: 1, kind: 'list', vault, at: shown.now.toISOString(), total, totalBytes, backups, ...rest };
}
