import { Command } from 'commander';
import type { Place } from '../place/backend.ts';
import { placeOf, withPlace } from '../place/place-options.ts';
import { type Example, examplesText } from '../terminal/help-text.ts';
import type { OnCommand } from '../terminal/on-command.ts';
import { doctor } from './doctor.ts';

export const DOCTOR_EXAMPLES: readonly Example[] = [
  { line: 'nightproof doctor', does: 'after a deployment: is everything in place, and would a night start?' },
  { line: 'nightproof doctor --json', does: 'the same for a script' },
];

/** `nightproof doctor` */
export const doctorCommand = (onCommand: OnCommand): Command =>
  withPlace(
    new Command('doctor')
      .summary('is everything in place that starts and runs a backup')
      .description(
        'Checks that the stack is deployed, each schedule is enabled and starts the state machine of the stack, no start was lost, somebody gets the mails, the vault can be listed and keeps versions, and the secrets exist. A line for each, and what to do about what is bad. It changes nothing and reads no secret. Ends with 1 where something is bad.',
      )
      .option('--json', 'print JSON (see docs/cli.md)'),
  )
    .addHelpText('after', examplesText(DOCTOR_EXAMPLES))
    .action((options: { readonly json?: boolean } & Place) => {
      onCommand((context) => doctor(context, placeOf(options), options));
    });
