import { oneLine } from '../../domain/plain-text.ts';
import { showDuration } from '../../domain/time/duration.ts';
import { type Canvas, cut, redrawn, spinner } from './redrawn.ts';
import type { Terminal } from './terminal.ts';

/** Shows an operation while it goes on. */
export interface OperationDisplay<View> {
  readonly look: (view: View) => void;
  /** Nothing is drawn after it. */
  readonly stop: () => void;
}

export interface DisplayedOperation {
  readonly run: { readonly name: string; readonly executionArn: string; readonly startedAt: Date };
  /** Where it runs. */
  readonly where: string;
  readonly now: () => Date;
}

/** How an operation of some kind is shown. */
export interface OperationWords<View> {
  /** `Restore` */
  readonly title: string;
  /** What stands below the header; there is room for the rows of the canvas, less the header and the cursor's. */
  readonly lines: (view: View, canvas: Canvas, now: Date) => readonly string[];
  /** Says what is new since the look before. */
  readonly tell: (say: (line: string) => void, now: () => Date) => (view: View) => void;
}

/** Redrawn in place on a terminal; else a line for each event. */
export const operationDisplay = <View>(
  terminal: Terminal,
  displayed: DisplayedOperation,
  words: OperationWords<View>,
): OperationDisplay<View> => (terminal.canRedraw ? live(terminal, displayed, words) : plain(terminal, displayed, words));

function live<View>(
  terminal: Terminal,
  { run, where, now }: DisplayedOperation,
  { title, lines }: OperationWords<View>,
): OperationDisplay<View> {
  let seen: { readonly view: View } | undefined;
  const { draw, stop } = redrawn(terminal, (canvas) => {
    const took = showDuration(Math.max(0, (now().getTime() - run.startedAt.getTime()) / 1000));
    const header = terminal.paintNote('strong', cut(`${title} ${run.name} on ${where}, ${took}`, canvas.columns));
    return [header, ...(seen ? lines(seen.view, canvas, now()) : [`${spinner(now())} plan`])];
  });
  draw();
  return {
    look: (view) => {
      seen = { view };
      draw();
    },
    stop,
  };
}

function plain<View>(
  terminal: Terminal,
  { run, where, now }: DisplayedOperation,
  { tell }: OperationWords<View>,
): OperationDisplay<View> {
  const say = (line: string): void => terminal.note(`${now().toISOString().slice(0, 19)}Z  ${oneLine(line)}`);
  say(`started on ${where}: ${run.executionArn}`);
  return { look: tell(say, now), stop: () => undefined };
}
