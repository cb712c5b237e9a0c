import { plural } from '../../domain/plain-text.ts';
import type { OperationWords } from '../terminal/operation-display.ts';
import { type Canvas, cut, spinner } from '../terminal/redrawn.ts';
import { hasFailed } from './drill-report.ts';
import type { DrillItemView, DrillView } from './drill-view.ts';
import { drillWords } from './drill-words.ts';

/** How a drill run is shown while it goes on. */
export const DRILL_PROGRESS: OperationWords<DrillView> = { title: 'Drill', lines, tell };

/** Header, the line below the drills, and the cursor's. */
const OTHER_LINES = 3;

function lines({ items, ended }: DrillView, canvas: Canvas, now: Date): readonly string[] {
  const room = Math.max(1, canvas.rows - OTHER_LINES - 1);
  const shown = items.length <= canvas.rows - OTHER_LINES ? items : items.slice(0, room);
  const hidden = items.length - shown.length;
  return [
    ...shown.map((item) => itemLine(item, canvas, now)),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    `${ended ? '✔' : spinner(now)} ${items.filter(isSettled).length} of ${items.length} drilled`,
  ];
}

const isSettled = ({ evidence, recorded }: DrillItemView): boolean => evidence !== undefined || recorded !== undefined;

function itemLine(view: DrillItemView, { terminal, columns }: Canvas, now: Date): string {
  const failed = hasFailed(view);
  const tick = isSettled(view) ? (failed ? '✖' : '✔') : spinner(now);
  const text = cut(`${tick} ${view.item.sourceId}  ${drillWords(view)}`, columns);
  return isSettled(view) ? terminal.paintNote(failed ? 'bad' : 'good', text) : text;
}

function tell(say: (line: string) => void): (view: DrillView) => void {
  const said = new Set<string>();
  let planned = false;
  return ({ plan, items }) => {
    if (!planned)
      say(`${plural(plan.items.length, 'backup')} to drill: ${plan.items.map(({ key }) => key).join(', ') || 'none'}`);
    planned = true;
    for (const item of items.filter((one) => isSettled(one) && !said.has(one.item.key))) {
      said.add(item.item.key);
      say(`${item.item.sourceId}: ${drillWords(item)}`);
    }
  };
}
