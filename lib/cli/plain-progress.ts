import { oneLine } from '../domain/plain-text.ts';
import type { Progress } from './progress.ts';
import { eventsBetween } from './run-events.ts';
import type { RunView } from './run-view.ts';
import type { Terminal } from './terminal.ts';

/** A line for each event, with its time: for logs, pipes and CI. */
export function plainProgress(terminal: Terminal, now: () => Date): Progress {
  let last: RunView | undefined;
  const say = (line: string): void => terminal.note(`${now().toISOString().slice(0, 19)}Z  ${oneLine(line)}`);
  return {
    started: ({ executionArn }, where) => say(`started on ${where}: ${executionArn}`),
    look: (view) => {
      for (const line of eventsBetween(last, view)) say(line);
      last = view;
    },
    stop: () => undefined,
  };
}
