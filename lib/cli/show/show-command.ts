import { Command, InvalidArgumentError, Option } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import type { OnCommand } from '../program.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import { type ShowOptions, show } from './show.ts';

export const SHOW_EXAMPLES: readonly Example[] = [
  { line: 'nightproof show latest', does: 'the newest run: what failed, why, and what to do' },
  { line: 'nightproof show 20260419_020000 --source app', does: 'one source in the run of that night, with each of its tries' },
  {
    line: 'nightproof show daily/app_20260419_020000.dump',
    does: 'one backup: proof, checksums, contents, and how to restore it by hand',
  },
];

/** `nightproof show` */
export const showCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('show')
      .summary('one run or one backup, in full')
      .description(
        'Shows a run, also one that is still going on, or a backup. Of a run that has ended it ends as the run did (see exit codes).',
      )
      .argument('<what>', 'a slot, the key of a backup, or: latest (the newest run)')
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
