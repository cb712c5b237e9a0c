import { Command, Option } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { type DrillOptions, drill } from './drill.ts';

export const DRILL_EXAMPLES: readonly Example[] = [
  {
    line: 'nightproof drill',
    does: 'what the schedule would do now: the newest backup of each source, those that waited longest first',
  },
  { line: 'nightproof drill --source app', does: 'the newest backup of one source' },
  { line: 'nightproof drill --source app --pick 7d', does: 'the newest that is at least a week old' },
  { line: 'nightproof drill monthly/app_20260401_020000.dump', does: 'that very backup' },
  { line: 'nightproof drill --local ./backups', does: 'on this machine, with the local cloud' },
];

/** `nightproof drill` */
export const drillCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('drill')
      .summary('restore backups into a scratch server, and compare them')
      .description(
        'Restores backups into a scratch PostgreSQL that ends with the task, dumps them again and compares every table with the manifest; trees are unpacked and compared file by file. What it shows is kept as evidence beside the backup. Nothing of yours is touched. Ends with 1 where a drill failed, or there was nothing to drill.',
      )
      .argument('[key]', 'the key of a backup, as nightproof list shows it')
      .addOption(
        new Option('--source <id>', 'only this source; may be repeated (default: all that the schedule drills)').argParser(
          (id: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), id],
        ),
      )
      .option('--pick <which>', 'latest, random, or an age as 7d: the newest backup that is at least so old')
      .option('--reason <text>', 'why, for the record; at most 500 characters')
      .option('--no-wait', 'end as soon as it is started')
      .option('--json', 'print the drills as JSON (see docs/cli.md)'),
  )
    .option('--config <file>', 'with --local: the configuration', 'nightproof.yaml')
    .addHelpText('after', examplesText(DRILL_EXAMPLES))
    .action((key: string | undefined, options: DrillOptions & Place) => {
      onCommand((context) => drill(context, placeOf(options), key, options));
    });
