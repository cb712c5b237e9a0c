import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError } from 'commander';
import type { CliContext } from './place/context.ts';
import { openPlace } from './place/place.ts';
import { buildProgram } from './program.ts';
import { CliError } from './terminal/cli-error.ts';
import { EXIT, type ExitCode } from './terminal/exit-codes.ts';
import { explain } from './terminal/explain.ts';
import type { CommandWork } from './terminal/on-command.ts';
import { type Input, type Output, Terminal } from './terminal/terminal.ts';

export interface MainOptions {
  /** What was typed after the program's name. */
  readonly args: readonly string[];
  /** @default - nobody can be asked anything */
  readonly stdin?: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly interrupt: AbortSignal;
  /** Parts that tests replace. */
  readonly parts?: Partial<Pick<CliContext, 'open' | 'now' | 'pause'>>;
}

/** Runs one command and returns the exit code. Nothing is thrown, and nothing but the terminal is written to. */
export async function main({ args, stdin, stdout, stderr, env, interrupt, parts }: MainOptions): Promise<ExitCode> {
  const terminal = new Terminal({ stdin, stdout, stderr }, env.TERM !== 'dumb');
  const now = parts?.now ?? (() => new Date());
  const report = (line: string): void => terminal.note(terminal.paintNote('quiet', line));
  const context: CliContext = {
    terminal,
    now,
    interrupt,
    pause: parts?.pause ?? ((ms) => sleep(ms, undefined, { signal: interrupt }).catch(() => undefined)),
    open: parts?.open ?? ((place, purpose) => openPlace(place, purpose, { now, report })),
  };
  try {
    const work = parse(args, terminal);
    return work ? await work(context) : EXIT.done;
  } catch (thrown) {
    const { message, remedy, exitCode } = explain(thrown);
    terminal.error(message, remedy);
    if (env.NIGHTPROOF_DEBUG === '1') terminal.note(stackOf(thrown));
    return exitCode;
  }
}

/** The command that was given; undefined where help or version was asked for and is shown. */
function parse(args: readonly string[], terminal: Terminal): CommandWork | undefined {
  let given: CommandWork | undefined;
  const program = buildProgram((work) => {
    given = work;
  });
  const output = { writeOut: (text: string) => terminal.result([text.trimEnd()]), writeErr: () => undefined };
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput(output);
  if (args.length === 0) {
    terminal.note(program.helpInformation().trimEnd());
    throw new CliError(EXIT.usage, 'no command was given', 'Name one of them: nightproof list');
  }
  try {
    program.parse([...args], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError) || thrown.exitCode !== 0) throw thrown;
  }
  return given;
}

const stackOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  return `${thrown.stack ?? thrown.message}${thrown.cause === undefined ? '' : `\ncaused by ${stackOf(thrown.cause)}`}`;
};
