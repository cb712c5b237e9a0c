import type { ExitCode } from './exit-codes.ts';

/** Something the operator has to know or do. It is shown as one line of what and one of remedy. */
export class CliError extends Error {
  readonly remedy: string;
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, what: string, remedy: string, options?: ErrorOptions) {
    super(what, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}

/** Ctrl-C in a command that leaves nothing behind. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}
