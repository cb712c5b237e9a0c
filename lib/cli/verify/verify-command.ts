import { Command } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { verify } from './verify.ts';
import type { VerifyOptions } from './verify-choice.ts';

export const VERIFY_EXAMPLES: readonly Example[] = [
  { line: 'nightproof verify monthly/app_20260401_020000.dump', does: 'one backup, before you need it' },
  { line: 'nightproof verify --source app', does: 'every backup of one source' },
  { line: 'nightproof verify --sample 5%', does: 'the share whose turn it is this month; in 20 months every backup' },
  { line: 'nightproof verify --all --json', does: 'everything, for a script' },
];

/** `nightproof verify` */
export const verifyCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('verify')
      .summary('read stored backups again, every byte')
      .description(
        'Reads every byte of backups from here, compares size, SHA-256 and CRC32 with the manifest, and decodes what they hold: every row and every file. Dumps are decoded by a pg_restore on the PATH of their major version or a newer one; without it only hashes are compared, and it is said. What is damaged is written down beside the backup, where you may write there, and counts as no backup from then on; nothing is removed. Ends with 1 where something is damaged, with 3 where something could not be read, with 4 where a share holds nothing.',
      )
      .argument('[keys...]', 'keys of backups, as nightproof list shows them')
      .option('--all', 'every verified backup')
      .option('--sample <share>', 'a share of them, as 5%: the one whose turn it is this month, as the patrol takes it')
      .option('--source <id>', 'only backups of this source')
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(VERIFY_EXAMPLES))
    .action((keys: readonly string[], options: VerifyOptions & Place) => {
      onCommand((context) => verify(context, placeOf(options), keys, options));
    });
