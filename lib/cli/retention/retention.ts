import { plural } from '../../domain/plain-text.ts';
import type { Keep } from '../../domain/source/source.ts';
import { dateOfSlot } from '../../domain/time/slot.ts';
import type { Backend, Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { withBackend } from '../place/with-backend.ts';
import { requireSourceId } from '../run/run-input.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { hanging, showCount } from '../terminal/fields.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Forecast, forecastRetention } from './retention-look.ts';
import { RetentionOutput } from './retention-output.ts';

export interface RetentionOptions {
  /** Said for clearness only: there is nothing else. */
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'DECISION' },
  { title: 'TIER' },
  { title: 'SLOT OR DATE' },
  { title: 'WHY', shrinks: true },
];

/** Shows what the next run would keep and remove, with the reasons. Nothing is ever removed here. */
export async function retention(
  context: CliContext,
  place: Place,
  id: string | undefined,
  { json }: RetentionOptions,
): Promise<ExitCode> {
  if (id !== undefined) requireSourceId(id);
  return withBackend(context, place, { does: 'read' }, async (backend) => {
    const at = context.now();
    const forecasts = await forecastRetention(backend.vault, at, id);
    if (forecasts.length === 0)
      throw new CliError(
        EXIT.unverified,
        `there is no backup${id === undefined ? '' : ` of ${id}`} to decide on`,
        `See what there is: nightproof list${backend.flags}`,
      );
    if (json) context.terminal.json(RetentionOutput.parse(output(forecasts, backend, at)));
    else context.terminal.result(lines(forecasts, backend, context.terminal));
    return EXIT.done;
  });
}

const countOf = (forecasts: readonly Forecast[], action: 'keep' | 'remove'): number =>
  forecasts.reduce((sum, { decisions }) => sum + decisions.filter((one) => one.action === action).length, 0);

function lines(forecasts: readonly Forecast[], { vault, name }: Backend, terminal: Terminal): readonly string[] {
  const kept = plural(countOf(forecasts, 'keep'), 'backup');
  return [
    ...forecasts.flatMap((one) => [...sourceLines(one, terminal), '']),
    `A run now would keep ${kept} and remove ${showCount(countOf(forecasts, 'remove'))}.`,
    'Nothing was removed: only a run removes, and only of sources that it has just verified.',
    '',
    `Vault   ${vault.bucket} (${name})`,
  ];
}

function sourceLines({ sourceId, keep, decisions, undecided }: Forecast, terminal: Terminal): readonly string[] {
  const rows = decisions.map(({ action, tier, slot, reasons }) => [
    action === 'remove' ? { text: 'remove', paint: (text: string) => terminal.paint('doubtful', text) } : 'keep',
    tier,
    tier === 'archive' ? dateOfSlot(slot) : slot,
    reasons.map(({ text }) => text).join('; '),
  ]);
  const width = terminal.resultColumns;
  return [
    `${terminal.paint('strong', sourceId)}${keep ? `  (${showKeep(keep)})` : ''}`,
    ...(undecided === undefined ? [] : hanging('  ', undecided)),
    ...(rows.length === 0
      ? []
      : renderTable(COLUMNS, rows, width === undefined ? undefined : width - 2).map((line) => `  ${line}`)),
  ];
}

/** `daily 7d, weekly 4w` */
const showKeep = (keep: Keep): string =>
  Object.entries(keep)
    .map(([tier, rule]) => `${tier} ${rule}`)
    .join(', ');

const output = (forecasts: readonly Forecast[], { vault }: Backend, at: Date): RetentionOutput => ({
  version: 1,
  kind: 'retention',
  vault: vault.bucket,
  at: at.toISOString(),
  kept: countOf(forecasts, 'keep'),
  removed: countOf(forecasts, 'remove'),
  sources: forecasts.map(({ sourceId, keep, decisions, undecided }) => ({
    sourceId,
    keep: keep ?? null,
    decisions: [...decisions],
    undecided: undecided ?? null,
  })),
});
