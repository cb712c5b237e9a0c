import { Command, InvalidArgumentError, Option } from 'commander';
import { TIERS } from '../domain/tiers.ts';
import type { Place } from './backend.ts';
import { type Example, examplesText } from './help-text.ts';
import { type ListOptions, list } from './list.ts';
import { placeOf, withPlace } from './place-options.ts';
import type { OnCommand } from './program.ts';

const DEFAULT_LIMIT = 50;

export const LIST_EXAMPLES: readonly Example[] = [
  { line: 'nightproof list', does: 'the newest backups, whatever their source' },
  { line: 'nightproof list --source app --tier weekly', does: 'the weekly copies of one source' },
  { line: 'nightproof list --limit all --json', does: 'everything, for a script' },
  { line: 'nightproof list --local ./backups', does: 'a vault on this machine' },
];

/** `nightproof list` */
export const listCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('list')
      .summary('the backups in the vault, newest first')
      .description(
        'Lists what can be restored: objects with a manifest. Objects without one are no backups and are only counted. Ends with 1 where there is no backup at all.',
      )
      .option('--source <id>', 'only backups of this source')
      .addOption(new Option('--tier <tier>', 'only backups of this tier').choices(TIERS))
      .addOption(new Option('--limit <n>', 'at most so many, or: all').default(DEFAULT_LIMIT).argParser(parseLimit))
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(LIST_EXAMPLES))
    .action((options: ListOptions & Place) => {
      onCommand((context) => list(context, placeOf(options), options));
    });

function parseLimit(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 1, or: all.');
}
