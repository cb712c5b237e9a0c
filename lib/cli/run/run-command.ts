import { Command } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { type RunOptions, run } from './run.ts';

export const RUN_EXAMPLES: readonly Example[] = [
  { line: 'nightproof run', does: 'back up every enabled source of the nightly plan now' },
  { line: 'nightproof run app crm --reason "before migration 42"', does: 'two sources only; the reason stands in the report' },
  { line: 'nightproof run --slot 20260419_020000', does: 'finish a night that failed: what it has verified is not dumped again' },
  { line: 'nightproof run --plan media', does: 'every enabled source of another plan than the nightly one' },
  { line: 'nightproof run app --no-wait', does: 'start it and go; it needs nobody waiting' },
  { line: 'nightproof run --local ./backups --config nightproof.yaml', does: 'one run of the local cloud, on this machine' },
];

/** `nightproof run` */
export const runCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('run')
      .summary('back up now, and wait until it is verified')
      .description(
        'Starts a run by hand, shows it while it goes on, prints its report and ends as it did. Ctrl-C stops only the waiting, never a run on AWS.',
      )
      .argument('[sources...]', 'ids of sources, as in nightproof.yaml; without any: every enabled one of the plan')
      .option(
        '--plan <name>',
        'the plan whose sources are backed up, and under whose name the run is recorded (default: nightly)',
      )
      .option('--slot <slot>', 'finish this slot instead of starting one (YYYYMMDD_HHMMSS, UTC)')
      .option('--reason <text>', 'why, for the report; at most 500 characters')
      .option('--no-wait', 'end as soon as the run is started')
      .option('--json', 'print the run as JSON (see docs/cli.md)'),
  )
    .option('--config <file>', 'with --local: the configuration', 'nightproof.yaml')
    .addHelpText('after', examplesText(RUN_EXAMPLES))
    .action((sources: string[], options: RunOptions & Place) => {
      onCommand((context) => run(context, placeOf(options), sources, options));
    });
