import type { CliContext } from '../place/context.ts';
import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { shellWord } from '../terminal/shell-word.ts';

const NOTHING_WAS_STARTED = 'Nothing was started.';

/** Has somebody say what is about to be replaced: by --confirm, else by typing it. Returns it; anything else is refused. */
export async function confirmed(
  { terminal, interrupt }: Pick<CliContext, 'terminal' | 'interrupt'>,
  expected: string,
  given: string | undefined,
): Promise<string> {
  const remedy = `${NOTHING_WAS_STARTED} If it is meant: --confirm ${shellWord(expected)}`;
  if (given !== undefined) {
    if (given === expected) return given;
    throw new CliError(
      EXIT.usage,
      `--confirm says ${JSON.stringify(given)}, and what is to be restored is ${JSON.stringify(expected)}`,
      remedy,
    );
  }
  if (!terminal.canAsk) throw new CliError(EXIT.usage, 'nobody can be asked here, and --confirm was not given', remedy);
  const typed = await terminal
    .ask(`Type ${terminal.paintNote('strong', expected)} to go on: `, interrupt)
    .catch((error: unknown) => {
      if (interrupt.aborted) throw new Interrupted();
      throw error;
    });
  if (typed?.trim() === expected) return expected;
  throw new CliError(
    EXIT.usage,
    typed === undefined ? 'nothing was typed' : `${JSON.stringify(typed.trim())} is not ${JSON.stringify(expected)}`,
    NOTHING_WAS_STARTED,
  );
}
