import { showBytes } from '../../domain/bytes.ts';
import { showDuration } from '../../domain/time/duration.ts';
import type { Terminal } from '../terminal/terminal.ts';

const REDRAW_MS = 250;

export interface VerifyProgress {
  /** The next backup is being read. */
  readonly next: (key: string) => void;
  readonly seen: (bytes: number) => void;
  readonly stop: () => void;
}

const SILENT: VerifyProgress = { next: () => undefined, seen: () => undefined, stop: () => undefined };

/** One line that is redrawn while bytes are read; without a terminal nothing. `total`: backups, and bytes of all of them. */
export function verifyProgress(
  terminal: Terminal,
  total: { readonly backups: number; readonly bytes: number },
  now: () => Date,
): VerifyProgress {
  if (!terminal.canRedraw) return SILENT;
  const began = now().getTime();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let [place, bytes, current] = [0, 0, ''];
  const draw = (always: boolean): void => {
    const at = now().getTime();
    if (!always && at - drawnAt < REDRAW_MS) return;
    drawnAt = at;
    const text = `${place}/${total.backups}  ${showBytes(bytes)} of ${showBytes(total.bytes)}${paceOf(bytes, total.bytes, at - began)}  ${current}`;
    terminal.draw(`\r\u001b[2K${text.slice(0, terminal.progressSize.columns)}`);
  };
  return {
    next(key) {
      place++;
      current = key;
      draw(true);
    },
    seen(more) {
      bytes += more;
      draw(false);
    },
    stop: () => terminal.draw('\n'),
  };
}

/** How fast, and how long yet. */
function paceOf(bytes: number, total: number, ms: number): string {
  if (ms <= 0 || bytes === 0) return '';
  const perSecond = (bytes / ms) * 1000;
  const left = Math.max(0, total - bytes) / perSecond;
  return `, ${showBytes(perSecond)}/s, ${showDuration(left)} left`;
}
