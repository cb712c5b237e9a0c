import { showBytes } from '../domain/bytes.ts';
import { showDuration } from '../domain/duration.ts';
import { parseArtifactKey } from '../domain/keys.ts';
import { showCount } from './fields.ts';
import type { SourceView } from './run-view.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import type { Terminal, Tone } from './terminal.ts';

const COLUMNS: readonly Column[] = [
  { title: 'SOURCE', shrinks: true },
  { title: 'RESULT' },
  { title: 'SIZE', align: 'right' },
  { title: 'TABLES', align: 'right' },
  { title: 'ROWS', align: 'right' },
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

function row({ sourceId, step, earlier, outcome, tries }: SourceView, terminal: Terminal): readonly Cell[] {
  if (earlier)
    return [sourceId, { text: 'verified', paint: (text) => terminal.paint('good', text) }, '', '', '', '', '', 'earlier attempt'];
  if (outcome?.status === 'verified') {
    const { bytes, tables, rows, durationSeconds, promoted } = outcome;
    const result = { text: 'verified', paint: (text: string) => terminal.paint('good', text) };
    const copies = promoted.map((key) => parseArtifactKey(key)?.tier ?? key).join(', ');
    return [
      sourceId,
      result,
      showBytes(bytes),
      showCount(tables),
      showCount(rows),
      showDuration(durationSeconds),
      String(outcome.tries),
      copies,
    ];
  }
  const tone: Tone = step === 'failed' ? 'bad' : 'doubtful';
  const result = { text: step === 'failed' ? 'FAILED' : `in ${step}`, paint: (text: string) => terminal.paint(tone, text) };
  return [sourceId, result, '-', '-', '-', '-', outcome ? String(outcome.tries) : String(tries.length + 1)];
}
