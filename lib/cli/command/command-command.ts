import { Command } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { type CommandOptions, command } from './command.ts';

export const COMMAND_EXAMPLES: readonly Example[] = [
  { line: 'nightproof command app', does: 'the pg_dump of the newest run, for a dump by hand with the same flags' },
  { line: 'nightproof command uploads --config nightproof.yaml', does: 'of a source that was never run, from the configuration' },
];

/** `nightproof command` */
export const commandCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('command')
      .summary('the command line that backs a source up')
      .description(
        'Prints the pg_dump, pg_dumpall or tar that the task runs for a source, as a shell takes it, for a backup by hand with the same flags. Nothing is run, and no secret is read: HOST and USER stand for what only the secret says.',
      )
      .argument('<id>', 'the id of a source; what a server or dated folders hold has ids of its own, see nightproof list')
      .option('--config <file>', 'go by this configuration instead of by the newest run')
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(COMMAND_EXAMPLES))
    .action((id: string, options: CommandOptions & Place) => {
      onCommand((context) => command(context, placeOf(options), id, options));
    });
