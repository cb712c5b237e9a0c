import { Command, InvalidArgumentError, Option } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { type ShowOptions, show } from './show.ts';

export const SHOW_EXAMPLES: readonly Example[] = [
  { line: 'nightproof show latest', does: 'the newest run: what failed, why, and what to do' },
  { line: 'nightproof show 20260419_020000 --source app', does: 'one source in the run of that night, with each of its tries' },
  {
    line: 'nightproof show daily/app_20260419_020000.dump',
    does: 'one backup: proof, drills, checksums, contents, and how to restore it',
  },
  {
    line: 'nightproof show restore-20261127T080000Z-ab12cd34',
    does: 'an earlier restore: what is where now, and how to go back',
  },
];

/** `nightproof show` */
export const showCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('show')
      .summary('one run, backup, restore or drill, in full')
      .description(
        'Shows a run, a restore or a drill, also one that is still going on, or a backup. Of one that has ended it ends as that did (see exit codes).',
      )
      .argument('<what>', 'a slot, the key of a backup, the name of a restore or drill, or: latest (the newest run)')
      .option('--source <id>', 'only this source of the run; with latest: the newest run that has it')
      .option('--plan <name>', 'of the run of this plan; needed where plans share a slot')
      .addOption(new Option('--attempt <n>', 'an earlier attempt at the slot instead of the last').argParser(parseAttempt))
      .option('--all', 'of a backup: every table instead of the 20 largest')
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(SHOW_EXAMPLES))
    .action((what: string, options: ShowOptions & Place) => {
      onCommand((context) => show(context, placeOf(options), what, options));
    });

function parseAttempt(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 1.');
}
