import { oneLine, plural } from '../../domain/plain-text.ts';
import { showDuration } from '../../domain/time/duration.ts';
import type { StartedRun } from '../place/backend.ts';
import { cut, redrawn, spinner } from '../terminal/redrawn.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { hasFailed } from './drill-report.ts';
import type { DrillItemView, DrillView } from './drill-view.ts';
import { drillWords } from './drill-words.ts';

/** Shows a drill run while it goes on. */
export interface DrillProgressDisplay {
  readonly look: (view: DrillView) => void;
  /** Nothing is drawn after it. */
  readonly stop: () => void;
}

export interface Displayed {
  readonly run: StartedRun;
  readonly where: string;
  readonly now: () => Date;
}

/** Redrawn in place on a terminal; else a line for each event. */
export const drillProgress = (terminal: Terminal, displayed: Displayed): DrillProgressDisplay =>
  terminal.canRedraw ? live(terminal, displayed) : plain(terminal, displayed);

/** Header, the line below the drills, and the cursor's. */
const OTHER_LINES = 3;

function live(terminal: Terminal, { run, where, now }: Displayed): DrillProgressDisplay {
  let view: DrillView | undefined;
  const { draw, stop } = redrawn(terminal, ({ columns, rows }) => {
    const took = showDuration(Math.max(0, (now().getTime() - run.startedAt.getTime()) / 1000));
    const header = terminal.paintNote('strong', cut(`Drill ${run.name} on ${where}, ${took}`, columns));
    if (!view) return [header, `${spinner(now())} plan`];
    const room = Math.max(1, rows - OTHER_LINES - 1);
    const shown = view.items.length <= rows - OTHER_LINES ? view.items : view.items.slice(0, room);
    const hidden = view.items.length - shown.length;
    const settled = view.items.filter(isSettled).length;
    return [
      header,
      ...shown.map((item) => itemLine(item, terminal, { columns, now: now() })),
      ...(hidden > 0 ? [`  and ${hidden} more`] : []),
      `${view.ended ? '✔' : spinner(now())} ${settled} of ${view.items.length} drilled`,
    ];
  });
  draw();
  return {
    look: (seen) => {
      view = seen;
      draw();
    },
    stop,
  };
}

const isSettled = ({ evidence, recorded }: DrillItemView): boolean => evidence !== undefined || recorded !== undefined;

function itemLine(
  view: DrillItemView,
  terminal: Terminal,
  { columns, now }: { readonly columns: number; readonly now: Date },
): string {
  const failed = hasFailed(view);
  const tick = isSettled(view) ? (failed ? '✖' : '✔') : spinner(now);
  const text = cut(`${tick} ${view.item.sourceId}  ${drillWords(view)}`, columns);
  return isSettled(view) ? terminal.paintNote(failed ? 'bad' : 'good', text) : text;
}

function plain(terminal: Terminal, { run, where, now }: Displayed): DrillProgressDisplay {
  const say = (line: string): void => terminal.note(`${now().toISOString().slice(0, 19)}Z  ${oneLine(line)}`);
  const said = new Set<string>();
  let planned = false;
  say(`started on ${where}: ${run.executionArn}`);
  return {
    look: ({ plan, items }) => {
      if (!planned)
        say(`${plural(plan.items.length, 'backup')} to drill: ${plan.items.map(({ key }) => key).join(', ') || 'none'}`);
      planned = true;
      for (const item of items.filter((one) => isSettled(one) && !said.has(one.item.key))) {
        said.add(item.item.key);
        say(`${item.item.sourceId}: ${drillWords(item)}`);
      }
    },
    stop: () => undefined,
  };
}
