import { Command } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { type RetentionOptions, retention } from './retention.ts';

export const RETENTION_EXAMPLES: readonly Example[] = [
  { line: 'nightproof retention --dry-run', does: 'what the next run would remove, and why it keeps the rest' },
  { line: 'nightproof retention app --dry-run --json', does: 'the decisions on one source, for a script' },
];

/** `nightproof retention` */
export const retentionCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('retention')
      .summary('what would be removed next, and why the rest is kept')
      .description(
        'Shows what a run at this moment would keep and remove, each backup with its reasons, by the keep rules of the newest run of its source. It only lists. No command removes backups: only the nightly run does, and only of sources that it has verified just before, so a change of the rules takes effect with the next run after its deployment.',
      )
      .argument('[id]', 'the id of a source; without it: every source in the vault')
      .option('--dry-run', 'say that you know that nothing is removed; it makes no difference')
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(RETENTION_EXAMPLES))
    .action((id: string | undefined, options: RetentionOptions & Place) => {
      onCommand((context) => retention(context, placeOf(options), id, options));
    });
