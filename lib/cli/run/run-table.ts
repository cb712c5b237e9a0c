import { parseArtifactKey } from '../../domain/backup/keys.ts';
import { showBytes } from '../../domain/bytes.ts';
import { showCounts } from '../../domain/run/counts.ts';
import type { SourceOutcome } from '../../domain/run/source-outcome.ts';
import { showDuration } from '../../domain/time/duration.ts';
import { type Cell, type Column, renderTable } from '../terminal/table.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import type { SourceView } from './run-view.ts';

const COLUMNS: readonly Column[] = [
  { title: 'SOURCE', shrinks: true },
  { title: 'RESULT' },
  { title: 'SIZE', align: 'right' },
  { title: 'CONTENTS', shrinks: true },
  { title: 'TOOK', align: 'right' },
  { title: 'TRIES', align: 'right' },
  { title: 'COPIED TO' },
];

/** The sources of a run, one a row. */
export const runTable = (sources: readonly SourceView[], terminal: Terminal): readonly string[] =>
  renderTable(
    COLUMNS,
    sources.map((source) => row(source, terminal)),
    terminal.resultColumns,
  );

function row(source: SourceView, terminal: Terminal): readonly Cell[] {
  const { sourceId, step, earlier, outcome, tries } = source;
  const result = (text: string, tone: Tone): Cell => ({ text, paint: (shown) => terminal.paint(tone, shown) });
  if (earlier) return [sourceId, result('verified', 'good'), '', '', '', '', 'earlier attempt'];
  if (outcome?.status === 'verified') return [sourceId, result('verified', 'good'), ...verifiedCells(outcome)];
  const current = tries.filter((one) => one.result === 'failure').length + 1;
  const words = step === 'failed' ? result('FAILED', 'bad') : result(`in ${step}`, 'doubtful');
  return [sourceId, words, '-', '-', '-', String(outcome?.tries ?? current)];
}

type Verified = Extract<SourceOutcome, { status: 'verified' }>;

function verifiedCells({ bytes, counts, durationSeconds, promoted, tries }: Verified): readonly Cell[] {
  const copies = promoted.map((key) => parseArtifactKey(key)?.tier ?? key).join(', ');
  return [showBytes(bytes), showCounts(counts), showDuration(durationSeconds), String(tries), copies];
}
