import { Command, CommanderError, InvalidArgumentError } from 'commander';

export interface BenchOptions {
  /** The major of PostgreSQL to take; without it the first server found. */
  readonly postgres?: number;
  /** Of the database and the streams; 1 is what the figures in docs/benchmark.md were measured with. */
  readonly size: number;
  readonly runs: number;
}

/** A wrong use of the benchmark; the message says what would be right. */
export class BenchUsageError extends Error {}

/** Reads the benchmark's arguments; undefined where only help was asked for, which is then printed. */
export function readBenchOptions(argv: readonly string[]): BenchOptions | undefined {
  const command = new Command('npm run bench --')
    .description('Measures the dump task against pg_dump, as ratios, on this machine.')
    .option('--postgres <major>', 'the PostgreSQL to measure with (default: the first server found)', wholeNumber)
    .option('--size <factor>', 'scales the database of 1.7 GB and the streams of 100 MB and 10 GB', positive, 1)
    .option('--runs <n>', 'how many pairs to measure', wholeNumber, 5)
    .allowExcessArguments(false)
    .exitOverride();
  try {
    return command.parse([...argv], { from: 'user' }).opts<{ postgres?: number; size: number; runs: number }>();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw new BenchUsageError('See npm run bench -- --help', { cause: error });
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 100) return value;
  throw new InvalidArgumentError('must be a number above 0, at most 100');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new InvalidArgumentError('must be a whole number from 1 on');
}
