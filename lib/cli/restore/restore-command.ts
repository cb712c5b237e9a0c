import { Command, InvalidArgumentError, Option } from 'commander';
import { TIERS } from '../../domain/backup/tiers.ts';
import type { OutsideLinks } from '../../domain/restore/outside-link.ts';
import type { RestoreMode } from '../../domain/restore/restore-request.ts';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { restore } from './restore.ts';
import type { RestoreOptions } from './restore-options.ts';

export const RESTORE_EXAMPLES: readonly Example[] = [
  { line: 'nightproof restore --latest app --dry-run', does: 'which backup it would be, and what would become of the target' },
  {
    line: 'nightproof restore --latest app --target main --mode new --database app_look',
    does: 'beside what is there: nothing is replaced. The first thing to do when in doubt',
  },
  {
    line: 'nightproof restore --latest app --target staging',
    does: 'in place of the database of that name; the former one is kept under another name',
  },
  {
    line: 'nightproof restore daily/app_20260419_020000.dump --target main --over-source',
    does: 'over the very database that was backed up, which must be said in so many words',
  },
  {
    line: 'nightproof restore --latest app --at 2026-04-18 --target main --table public.orders --mode in-place',
    does: 'one table, as it was the day before, with its indexes and sequences',
  },
  {
    line: 'nightproof restore --set latest --target new-server',
    does: 'all that the newest complete night backed up, roles first',
  },
  {
    line: 'nightproof restore --archive exports --date 2026-04-15 --to ./exports',
    does: 'one dated archive, unpacked into a new folder on this machine',
  },
];

const WHAT = 'What:';
const WHERE_TO = 'Where to:';
const HOW = 'How:';
const GUARDS = 'Guards:';

const MODES: Readonly<Record<string, RestoreMode>> = { swap: 'swap', new: 'new', 'in-place': 'inPlace' };
const LINKS: Readonly<Record<string, OutsideLinks>> = { refuse: 'refuse', 'leave-out': 'leaveOut', keep: 'keep' };

/** `nightproof restore` */
export function restoreCommand(onCommand: OnCommand): Command {
  const command = new Command('restore')
    .summary('bring a backup back, and wait until it is there')
    .description(
      'Restores a backup, or all that a night backed up: reads it whole and compares it with its manifest first, restores a database beside the one that is there, dumps it again, compares it table by table, and only then exchanges the names. Asks before anything is replaced. A restore that fails leaves the target as it was. Ctrl-C stops only the waiting, never a restore on AWS.',
    )
    .argument('[key]', 'the key of a backup, as nightproof list shows it');
  for (const [group, options] of OPTIONS) for (const option of options()) command.addOption(option.helpGroup(group));
  return withPlace(command)
    .addHelpText('after', examplesText(RESTORE_EXAMPLES))
    .action((key: string | undefined, options: RestoreOptions & Place) => {
      onCommand((context) => restore(context, placeOf(options), key, options));
    });
}

const each = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

/** A choice that is spelt otherwise in requests than on a command line. */
const spelt = <T>(option: Option, values: Readonly<Record<string, T>>): Option => {
  const names = Object.keys(values);
  return option.argParser((text: string) => {
    const value = Object.hasOwn(values, text) ? values[text] : undefined;
    if (value !== undefined) return value;
    throw new InvalidArgumentError(`Allowed choices are ${names.join(', ')}.`);
  });
};

const OPTIONS: readonly (readonly [group: string, options: () => readonly Option[]])[] = [
  [
    WHAT,
    () => [
      new Option('--latest <id>', 'the newest verified backup of this source; what is damaged is never taken'),
      new Option('--tier <tier>', 'with --latest: of this tier').choices(TIERS),
      new Option('--at <when>', 'with --latest: of this slot or day, 20260419_020000 or 2026-04-19 (UTC)'),
      new Option('--archive <id>', 'with --date: the archive of a dated folder'),
      new Option('--date <date>', 'of that folder, as 2026-04-15'),
      new Option('--set <slot>', 'all that the run of a slot backed up, or: latest (the newest complete set)'),
      new Option('--plan <name>', 'with --set: of this plan (default: nightly)'),
      new Option('--source <id>', 'with --set: only this source; may be repeated').argParser(each),
      new Option('--table <schema.table>', 'only this table, with what hangs on it; may be repeated').argParser(each),
      new Option('--path <path>', 'of a tree: only what lies at or below it; may be repeated').argParser(each),
    ],
  ],
  [
    WHERE_TO,
    () => [
      new Option(
        '--target <name>',
        'a name under connections or restore.targets in nightproof.yaml (default: the only one that fits)',
      ),
      new Option('--database <name>', 'the database there (default: the name that the backed-up one had)'),
      new Option('--folder <path>', "of a tree: the folder on the target's volume (default: the id of the source)"),
      new Option('--to <dir>', 'of a tree: a new folder on this machine, in place of a target'),
      new Option('--identity <file>', 'with --to: the age identity that an encrypted backup is decrypted with'),
    ],
  ],
  [
    HOW,
    () => [
      spelt(
        new Option(
          '--mode <mode>',
          'swap: a new database takes over the name, the former one is kept; new: a database that is not there yet; in-place: replaces what the backup holds inside the database (default: swap)',
        ),
        MODES,
      ),
      new Option('--replace', 'of a tree: exchange a folder that is there; the former one is kept beside it'),
      spelt(
        new Option('--links <how>', 'of a tree: links that lead out of it: refuse, leave-out or keep (default: leave-out)'),
        LINKS,
      ),
      new Option('--no-owner', 'leave owners and grants out: everything belongs to the role that restores'),
      new Option('--no-compare', 'do not dump the restored database again to compare it'),
      new Option('--reason <text>', 'why, for the record; at most 500 characters'),
      new Option('--dry-run', 'say what would be restored to where, and start nothing'),
      new Option('--no-wait', 'end as soon as it is started'),
      new Option('--json', 'print the restore as JSON (see docs/cli.md)'),
      new Option('--config <file>', 'the configuration, for the default of --target (default: nightproof.yaml, if it is there)'),
    ],
  ],
  [
    GUARDS,
    () => [
      new Option('--confirm <text>', 'what is replaced, as <target>/<database>: for scripts, where nobody can be asked'),
      new Option('--over-source', 'the database that the backup came from may be replaced'),
      new Option('--production', 'a target that is marked as production may be written to'),
    ],
  ],
];
