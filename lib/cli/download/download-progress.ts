import { showBytes } from '../../domain/bytes.ts';
import type { Terminal } from '../terminal/terminal.ts';

const REDRAW_MS = 250;

export interface DownloadProgress {
  readonly seen: (bytes: number) => void;
  readonly stop: () => void;
}

/** One line that is redrawn while bytes come in; without a terminal nothing. */
export function downloadProgress(terminal: Terminal, total: number, now: () => Date): DownloadProgress {
  if (!terminal.canRedraw) return { seen: () => undefined, stop: () => undefined };
  const began = now().getTime();
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = (bytes: number): void => {
    const at = now().getTime();
    if (at - drawnAt < REDRAW_MS && bytes < total) return;
    drawnAt = at;
    const percent = total === 0 ? 100 : Math.floor((bytes / total) * 100);
    const rate = at > began ? `, ${showBytes((bytes / (at - began)) * 1000)}/s` : '';
    terminal.draw(
      `\r\u001b[2K${percent} %  ${showBytes(bytes)} of ${showBytes(total)}${rate}`.slice(0, terminal.progressSize.columns),
    );
  };
  return { seen: draw, stop: () => terminal.draw('\n') };
}
