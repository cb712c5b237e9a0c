import { CommanderError } from 'commander';
import { ConfigError } from '../../domain/config/config-file.ts';
import { Failure, type Reason } from '../../domain/outcomes.ts';
import { oneLine } from '../../domain/plain-text.ts';
import { InputRefused } from '../../domain/run/refused-input.ts';
import { explainAws } from '../place/aws-errors.ts';
import { CliError, Interrupted } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Anything thrown, as what the operator is told. */
export function explain(thrown: unknown): CliError {
  if (thrown instanceof CliError) return thrown;
  if (thrown instanceof Interrupted) return new CliError(EXIT.interrupted, 'interrupted', '');
  if (thrown instanceof CommanderError) return wrongUse(thrown);
  if (thrown instanceof ConfigError)
    return new CliError(
      EXIT.usage,
      `the configuration cannot be used\n${thrown.message}`,
      'Correct these lines. Nothing was started.',
    );
  if (thrown instanceof InputRefused)
    return new CliError(
      EXIT.usage,
      thrown.problems.join('; '),
      'Correct the arguments; nothing was started. See nightproof run --help.',
    );
  return explainAws(thrown, stepOf(thrown)) ?? explainRest(thrown);
}

function explainRest(thrown: unknown): CliError {
  if (thrown instanceof Failure)
    return new CliError(
      EXIT_OF[thrown.reason] ?? EXIT.unreachable,
      `${thrown.reason}: ${oneLine(thrown.message)}`,
      thrown.facts.remedy,
    );
  if (isSetupError(thrown)) return new CliError(EXIT.unreachable, oneLine(thrown.message.split('\n')[0] ?? ''), thrown.command);
  const what = thrown instanceof Error ? `${thrown.name}: ${oneLine(thrown.message.split('\n')[0] ?? '')}` : typeof thrown;
  return new CliError(
    EXIT.unreachable,
    `nightproof itself failed (${what})`,
    'Run it again with NIGHTPROOF_DEBUG=1 to see where, and report it.',
  );
}

/** Failures that speak of the backup, or of what was asked for, and not of what could not be reached. */
const EXIT_OF: Readonly<Partial<Record<Reason, ExitCode>>> = {
  'no-backup': EXIT.unverified,
  damaged: EXIT.unverified,
  'unsafe-archive': EXIT.unverified,
  identity: EXIT.usage,
  paths: EXIT.usage,
  target: EXIT.usage,
  space: EXIT.usage,
};

/** The vault names its step before a colon: `ListObjectsV2 daily/: AccessDenied (HTTP 403)`. */
const stepOf = (thrown: unknown): string =>
  thrown instanceof Failure ? (thrown.message.split(':')[0] ?? 'reading the vault') : 'talking to AWS';

/** Commander's own words, without its prefix and line breaks: "unknown option '--jsn' (Did you mean --json?)". */
const wrongUse = ({ message }: CommanderError): CliError =>
  new CliError(EXIT.usage, oneLine(message.replace(/^error: /, '')), 'See nightproof --help, or nightproof <command> --help.');

/** Known by its shape: lib/local is loaded only where it is used. */
const isSetupError = (thrown: unknown): thrown is Error & { readonly command: string } =>
  thrown instanceof Error && thrown.name === 'SetupError' && 'command' in thrown;
