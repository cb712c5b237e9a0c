import type { CliContext } from '../place/context.ts';
import type { ExitCode } from './exit-codes.ts';

/** What a command hands over: its work, to be done with a context. */
export type CommandWork = (context: CliContext) => Promise<ExitCode>;

/** Hears which command was given. Parsing starts nothing. */
export type OnCommand = (work: CommandWork) => void;
