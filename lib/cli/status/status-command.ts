import { Command } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { status } from './status.ts';

export const STATUS_EXAMPLES: readonly Example[] = [
  { line: 'nightproof status', does: 'how the last runs went, how old each backup is, and what runs next' },
  { line: 'nightproof status --json', does: 'for a monitor; the exit code alone says whether something is overdue' },
];

/** `nightproof status` */
export const statusCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('status')
      .summary('how everything stands: last runs, ages, next runs, alarms')
      .description(
        'Shows the last and the next run of each plan, what is running, the newest verified backup of each source with its age, and the alarms that are raised. A source is overdue when its newest backup is older than the last time its plan should have run, an hour after that time: 25 hours for a nightly plan. Ends with 1 where something is overdue.',
      )
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(STATUS_EXAMPLES))
    .action((options: { readonly json?: boolean } & Place) => {
      onCommand((context) => status(context, placeOf(options), options));
    });
