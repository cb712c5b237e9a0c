import { showDuration } from '../../domain/time/duration.ts';
import type { StartedRun } from '../place/backend.ts';
import { type Canvas, cut, redrawn, spinner } from '../terminal/redrawn.ts';
import { cutInMiddle } from '../terminal/table.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import type { Progress } from './progress.ts';
import { outcomeLine } from './run-events.ts';
import type { RunView, SourceStep, SourceView } from './run-view.ts';

const WIDEST_ID = 30;

/** Header, line of the whole, the one below the sources, and the cursor's. */
const OTHER_LINES = 4;

const STEPS = {
  discover: 'looking what it holds',
  dump: 'dump',
  verify: 'verify',
  promote: 'promote',
  verified: 'verified',
  failed: 'FAILED',
} as const satisfies Record<SourceStep, string>;

/** The sources, each with its step, redrawn in place. */
export function liveProgress(terminal: Terminal, now: () => Date): Progress {
  let run: StartedRun | undefined;
  let where = '';
  let view: RunView | undefined;
  const { draw, stop } = redrawn(terminal, (canvas) => run && frame({ run, where, view, now: now() }, canvas));
  return {
    started: (begun, place) => {
      run = begun;
      where = place;
      draw();
    },
    look: (seen) => {
      view = seen;
      draw();
    },
    stop,
  };
}

interface Shown {
  readonly run: StartedRun;
  readonly where: string;
  readonly view: RunView | undefined;
  readonly now: Date;
}

function frame({ run, where, view, now }: Shown, { terminal, columns, rows }: Canvas): readonly string[] {
  const seconds = Math.max(0, (now.getTime() - run.startedAt.getTime()) / 1000);
  const title = view ? `Run ${view.plan.slot}${view.plan.attempt > 1 ? `, attempt ${view.plan.attempt}` : ''}` : 'Run';
  const header = cut(`${title} on ${where}, ${showDuration(seconds)}`, columns);
  if (!view) return [terminal.paintNote('strong', header), `${spinner(now)} plan`];

  const shown = mostTelling(view.sources, Math.max(1, rows - OTHER_LINES));
  const width = Math.min(WIDEST_ID, Math.max(...shown.map(({ sourceId }) => sourceId.length), 0));
  const hidden = view.sources.length - shown.length;
  return [
    terminal.paintNote('strong', header),
    ...shown.map((source) => sourceLine(source, { terminal, columns, width, now })),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    cut(`${view.record ? '✔' : spinner(now)} ${wholeLine(view)}`, columns),
  ];
}

function wholeLine({ sources, retained, record }: RunView): string {
  const count = (step: SourceStep): number => sources.filter((source) => source.step === step).length;
  const failed = count('failed');
  const settled = count('verified') + failed;
  const next = record ? 'done' : retained ? 'report' : settled === sources.length ? 'retain' : 'sources';
  return `${next}: ${settled} of ${sources.length} settled${failed > 0 ? `, ${failed} failed` : ''}`;
}

const TONES: Readonly<Partial<Record<SourceStep, Tone>>> = { verified: 'good', failed: 'bad' };
const TICKS: Readonly<Partial<Record<SourceStep, string>>> = { verified: '✔', failed: '✖' };

interface LineStyle {
  readonly terminal: Terminal;
  readonly columns: number;
  readonly width: number;
  readonly now: Date;
}

function sourceLine(source: SourceView, { terminal, columns, width, now }: LineStyle): string {
  const { sourceId, step } = source;
  const text = cut(`${TICKS[step] ?? spinner(now)} ${cutInMiddle(sourceId, width).padEnd(width)}  ${wordsOf(source)}`, columns);
  const tone = TONES[step];
  return tone ? terminal.paintNote(tone, text) : text;
}

function wordsOf({ step, earlier, outcome, tries }: SourceView): string {
  if (earlier) return 'verified by an earlier attempt';
  if (outcome) return outcomeLine(outcome);
  const failed = tries.filter(({ result }) => result === 'failure');
  const last = failed.at(-1);
  const after = last?.result === 'failure' ? `, try ${failed.length + 1} after ${last.failure.reason}` : '';
  return `${STEPS[step]}${after}`;
}

/** Where not all fit: what failed and what goes on, in the order of the plan. */
function mostTelling(sources: readonly SourceView[], room: number): readonly SourceView[] {
  if (sources.length <= room) return sources;
  const rank = ({ step }: SourceView): number => (step === 'failed' ? 0 : step === 'verified' ? 2 : 1);
  const chosen = new Set([...sources].sort((a, b) => rank(a) - rank(b)).slice(0, room - 1));
  return sources.filter((source) => chosen.has(source));
}
