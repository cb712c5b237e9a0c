import { oneLine } from '../../domain/plain-text.ts';
import type { Terminal } from './terminal.ts';

const REDRAW_MS = 250;
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** Room on the terminal. */
export interface Canvas {
  readonly terminal: Terminal;
  readonly columns: number;
  readonly rows: number;
}

export interface Redrawn {
  readonly draw: () => void;
  /** Nothing is drawn after it. */
  readonly stop: () => void;
}

/** Lines that are redrawn in place, a few times a second and whenever it is asked for; `frame` gives them, or nothing yet. */
export function redrawn(terminal: Terminal, frame: (canvas: Canvas) => readonly string[] | undefined): Redrawn {
  let drawn = 0;
  const draw = (): void => {
    const lines = frame({ terminal, ...terminal.progressSize });
    if (!lines) return;
    terminal.draw(`${drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : ''}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  return {
    draw,
    stop: () => {
      clearInterval(timer);
      terminal.draw('\n');
    },
  };
}

export const spinner = (now: Date): string => SPINNER[Math.floor(now.getTime() / REDRAW_MS) % SPINNER.length] ?? '';

/** A line that wraps would be two, and the next redraw would leave one behind. */
export const cut = (text: string, columns: number): string => {
  const line = oneLine(text);
  return line.length < columns ? line : `${line.slice(0, columns - 2)}…`;
};
