import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { PROOFS } from './proofs.ts';

export interface ProveOptions {
  readonly only?: string;
  readonly seed: number;
  readonly minutes?: number;
  readonly from?: number;
  readonly count?: number;
  readonly resume: boolean;
}

/** A wrong use; the message says what would be right. */
export class ProveUsageError extends Error {}

/** Reads the arguments; undefined where only help was asked for, which is then printed. */
export function readProveOptions(argv: readonly string[]): ProveOptions | undefined {
  const names = PROOFS.map(({ name, cases }) => `${name} (${cases.toLocaleString('en-US')} cases)`).join(', ');
  const command = new Command('npm run prove --')
    .description(`Proves with many cases what npm test shows with few, and writes docs/proof.\nProofs: ${names}.`)
    .option('--only <proof>', 'this proof alone', proofName)
    .option('--seed <n>', 'what the cases are drawn from', wholeNumber, 1)
    .option('--minutes <n>', 'ends after so many minutes; --resume goes on from there', wholeNumber)
    .option('--from <n>', 'begins with this case and writes no record, to look at one again', wholeNumber)
    .option('--count <n>', 'so many cases instead of all', wholeNumber)
    .option('--resume', 'goes on where the last run with this seed ended', false)
    .allowExcessArguments(false)
    .exitOverride();
  try {
    return command.parse([...argv], { from: 'user' }).opts<ProveOptions>();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw new ProveUsageError('See npm run prove -- --help', { cause: error });
  }
}

function proofName(text: string): string {
  if (PROOFS.some(({ name }) => name === text)) return text;
  throw new InvalidArgumentError(`must be one of ${PROOFS.map(({ name }) => name).join(', ')}`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw new InvalidArgumentError('must be a whole number');
}
