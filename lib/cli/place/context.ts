import type { Terminal } from '../terminal/terminal.ts';
import type { Backend, Place, Purpose } from './backend.ts';

/** What every command is given. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly now: () => Date;
  /** Waits so many milliseconds; ends early, without an error, when `interrupt` is aborted. */
  readonly pause: (ms: number) => Promise<void>;
  /** Aborted by Ctrl-C. */
  readonly interrupt: AbortSignal;
  readonly open: (place: Place, purpose: Purpose) => Promise<Backend>;
}
