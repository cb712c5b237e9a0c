import { oneLine } from '../../domain/plain-text.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Progress } from './progress.ts';
import { eventsBetween } from './run-events.ts';
import type { RunView } from './run-view.ts';

/** After so long without an event a line says what is under way: a log that stands still is taken for dead, and CI ends what is. */
const STILL_THERE_MS = 5 * 60_000;

/** As many sources as a line names. */
const MOST_NAMED = 5;

/** A line for each event, with its time: for logs, pipes and CI. */
export function plainProgress(terminal: Terminal, now: () => Date): Progress {
  let last: RunView | undefined;
  let saidAt = 0;
  const say = (line: string): void => {
    saidAt = now().getTime();
    terminal.note(`${now().toISOString().slice(0, 19)}Z  ${oneLine(line)}`);
  };
  return {
    started: ({ executionArn }, where) => say(`started on ${where}: ${executionArn}`),
    look: (view) => {
      for (const line of eventsBetween(last, view)) say(line);
      last = view;
      if (now().getTime() - saidAt > STILL_THERE_MS) say(underWay(view));
    },
    stop: () => undefined,
  };
}

function underWay({ sources }: RunView): string {
  const open = sources.filter(({ step }) => step !== 'verified' && step !== 'failed');
  const named = open.slice(0, MOST_NAMED).map(({ sourceId, step }) => `${sourceId} in ${step}`);
  const more = open.length > named.length ? ` and ${open.length - named.length} more` : '';
  return `still going on: ${named.join(', ') || 'retention and report'}${more}`;
}
