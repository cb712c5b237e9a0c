import { Command } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { download } from './download.ts';
import type { DownloadOptions } from './download-choice.ts';

export const DOWNLOAD_EXAMPLES: readonly Example[] = [
  { line: 'nightproof download --latest app', does: 'the newest verified backup of a source, into this folder' },
  { line: 'nightproof download daily/app_20260419_020000.dump --to /restore/app.dump', does: 'one backup, under another name' },
];

/** `nightproof download` */
export const downloadCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('download')
      .summary('fetch a backup, and make sure that it is the one that was verified')
      .description(
        'Downloads a backup while hashing it. It is written to <file>.part, and gets its name only if its size and SHA-256 are those of its manifest; else nothing is kept, and the command ends with 1. The file is readable for you only. Encrypted backups stay encrypted.',
      )
      .argument('[key]', 'the key of a backup, as nightproof list shows it')
      .option('--latest <id>', 'in place of a key: the newest verified backup of this source')
      .option('--to <file>', 'a file, or a folder that exists (default: the own name of the backup, in this folder)')
      .option('--force', 'write over a file that exists')
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(DOWNLOAD_EXAMPLES))
    .action((key: string | undefined, options: DownloadOptions & Place) => {
      onCommand((context) => download(context, placeOf(options), key, options));
    });
