import { Command, InvalidArgumentError, Option } from 'commander';
import { TIERS } from '../../domain/backup/tiers.ts';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { type ListOptions, list } from './list.ts';
import { type ListSetsOptions, listSets } from './list-sets.ts';

export const LIST_EXAMPLES: readonly Example[] = [
  { line: 'nightproof list', does: 'the newest backups, whatever their source' },
  { line: 'nightproof list --source app --tier weekly', does: 'the weekly copies of one source' },
  { line: 'nightproof list --set', does: 'the newest sets: what belongs together, and what is missing' },
  { line: 'nightproof list --limit all --json', does: 'everything, for a script' },
  { line: 'nightproof list --local ./backups', does: 'a vault on this machine' },
];

/** `nightproof list` */
export const listCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('list')
      .summary('the backups in the vault, newest first')
      .description(
        'Lists what can be restored: objects with a manifest. Objects without one are no backups and are only counted. Ends with 1 where there is no backup at all, with --set where no set is complete.',
      )
      .addOption(
        new Option(
          '--set [slot]',
          'the backups by the runs that made them, complete or not; with a slot: only that one',
        ).conflicts(['source', 'tier']),
      )
      .option('--source <id>', 'only backups of this source')
      .addOption(new Option('--tier <tier>', 'only backups of this tier').choices(TIERS))
      .addOption(
        new Option('--limit <n>', 'at most so many backups (default: 50) or sets (default: 10), or: all').argParser(parseLimit),
      )
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(LIST_EXAMPLES))
    .action((options: ListOptions & Partial<ListSetsOptions> & Place) => {
      const { set, ...rest } = options;
      onCommand((context) =>
        set === undefined ? list(context, placeOf(options), rest) : listSets(context, placeOf(options), { ...rest, set }),
      );
    });

function parseLimit(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 1, or: all.');
}
