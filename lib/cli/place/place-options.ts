import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Place } from './backend.ts';
import { DEFAULT_STACK } from './stack-outputs.ts';

const GROUP = 'Where:';

/** Gives a command the options that say where it works. */
export const withPlace = (command: Command): Command =>
  command
    .addOption(
      new Option('--stack <name>', 'CloudFormation stack of nightproof').default(DEFAULT_STACK, DEFAULT_STACK).helpGroup(GROUP),
    )
    .addOption(
      new Option('--region <region>', 'AWS region, if it is not the one of your profile').argParser(filled).helpGroup(GROUP),
    )
    .addOption(
      new Option('--local <dir>', 'the local cloud in this folder instead of AWS')
        .argParser(filled)
        .conflicts(['stack', 'region'])
        .helpGroup(GROUP),
    );

/** The place that parsed options name. */
export const placeOf = ({ stack, region, local }: Place): Place => ({
  stack,
  ...(region !== undefined && { region }),
  ...(local !== undefined && { local }),
});

/** An unset variable of a script must not silently mean something else. */
function filled(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.');
  return value;
}
