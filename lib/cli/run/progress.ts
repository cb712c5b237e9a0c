import type { StartedRun } from '../place/backend.ts';
import type { RunView } from './run-view.ts';

/** Shows a run while it goes on. */
export interface Progress {
  readonly started: (run: StartedRun, where: string) => void;
  readonly look: (view: RunView) => void;
  /** Nothing is drawn after it. */
  readonly stop: () => void;
}
