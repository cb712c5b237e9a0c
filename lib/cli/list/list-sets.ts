import { artifactKey, manifestKey } from '../../domain/backup/keys.ts';
import { Manifest } from '../../domain/backup/manifest.ts';
import { plural } from '../../domain/plain-text.ts';
import { parseSlot, type Slot } from '../../domain/time/slot.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Backend, Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import type { Finding } from '../place/vault-document.ts';
import { readDocument } from '../place/vault-document.ts';
import { withBackend } from '../place/with-backend.ts';
import { quoted } from '../run/run-input.ts';
import { planNameOf, showRunName } from '../run/run-name.ts';
import { findingLines } from '../show/finding-lines.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { hanging } from '../terminal/fields.ts';
import { renderTable } from '../terminal/table.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import { type BackupSet, findSets, type SetState } from './backup-sets.ts';
import type { ListedBackup } from './inventory.ts';
import { lastDrills } from './last-drill.ts';
import { LISTED_COLUMNS, type ListContext, listedOutput, listedRow } from './listed-backup.ts';
import { SetsOutput } from './sets-output.ts';

const DEFAULT_LIMIT = 10;

export interface ListSetsOptions {
  /** A slot, or true for the newest sets. */
  readonly set: string | true;
  readonly limit?: number;
  readonly json?: boolean;
}

interface ReadSet extends BackupSet {
  readonly read: readonly ListedBackup[];
}

/** Lists what belongs together: the backups of one run, with what is missing among them. */
export async function listSets(context: CliContext, place: Place, { set, limit, json }: ListSetsOptions): Promise<ExitCode> {
  const slot = set === true ? undefined : slotIn(set);
  return withBackend(context, place, { does: 'read' }, async (backend) => {
    const { vault } = backend;
    const now = context.now();
    const found = await findSets(vault, { now, limit: limit ?? DEFAULT_LIMIT, ...(slot && { slot }) });
    const findings: Finding[] = [];
    const sets = await inTurn(found.sets, async (one) => ({ ...one, read: await readBackups(backend, one, findings) }));
    const drills = await lastDrills(
      vault,
      sets.flatMap(({ read }) => read),
    );
    const shown = { now, rules: found.rules, drills };
    if (json) context.terminal.json(SetsOutput.parse(output(sets, backend, shown, findings)));
    else context.terminal.result(lines(sets, backend, context.terminal, shown, findings));
    return sets.some(({ state }) => state === 'complete') ? EXIT.done : EXIT.unverified;
  });
}

function slotIn(text: string): Slot {
  const slot = parseSlot(text);
  if (slot) return slot;
  throw new CliError(EXIT.usage, `${quoted(text)} is no slot`, 'See the newest sets: nightproof list --set');
}

async function readBackups({ vault }: Backend, { backups }: BackupSet, findings: Finding[]): Promise<readonly ListedBackup[]> {
  const read = await inTurn(backups, async (name) => {
    const key = artifactKey(name);
    const document = await readDocument(vault, manifestKey(key), Manifest);
    if ('found' in document) return [{ key, manifest: document.found }];
    findings.push({ key: manifestKey(key), problem: 'damaged' in document ? document.damaged : 'was removed meanwhile' });
    return [];
  });
  return read.flat();
}

function lines(
  sets: readonly ReadSet[],
  { vault, name }: Backend,
  terminal: Terminal,
  shown: ListContext,
  findings: readonly Finding[],
): readonly string[] {
  return [
    ...(sets.length === 0 ? ['No sets.', ''] : sets.flatMap((set) => [...setLines(set, terminal, shown), ''])),
    ...(findings.length > 0 ? [...findingLines(findings, terminal), ''] : []),
    `Vault   ${vault.bucket} (${name})`,
  ];
}

const STATES = {
  complete: ['complete', 'good'],
  incomplete: ['INCOMPLETE', 'bad'],
  partial: ['sources named by hand, no set', 'doubtful'],
} as const satisfies Record<SetState, readonly [string, Tone]>;

function setLines(set: ReadSet, terminal: Terminal, shown: ListContext): readonly string[] {
  const { run, state, survives, sources, missing, read } = set;
  const [words, tone] = STATES[state];
  const rows = read.map((backup) => listedRow(backup, shown, terminal));
  return [
    `Set ${showRunName(run)}: ${terminal.paint(tone, words)}, ${plural(sources.length, 'source')}${survives ? '; no keep rule removes it' : ''}`,
    ...renderTable(LISTED_COLUMNS, rows, terminal.resultColumns && terminal.resultColumns - 2).map((line) => `  ${line}`),
    ...(missing.length > 0 ? hanging('  Without a backup: ', missing.join(', ')) : []),
  ];
}

function output(sets: readonly ReadSet[], { vault }: Backend, shown: ListContext, findings: readonly Finding[]): SetsOutput {
  return {
    version: 1,
    kind: 'sets',
    vault: vault.bucket,
    at: shown.now.toISOString(),
    sets: sets.map(({ run, state, survives, sources, missing, read }) => ({
      slot: run.slot,
      plan: planNameOf(run),
      state,
      survives,
      sources: sources.map(({ id }) => id),
      missing: [...missing],
      backups: read.map((backup) => listedOutput(backup, shown)),
    })),
    findings: [...findings],
  };
}
