import { SetupError } from './setup-error.ts';

/** On standard error: what a program prints as its result stays clean. */
export const reportLine = (line: string): void => {
  process.stderr.write(`nightproof: ${line}\n`);
};

/** For main programs: what set-up cannot bring ends the process with what is missing and the command for it, without a stack. */
export async function reported<T>(setup: Promise<T>): Promise<T> {
  try {
    return await setup;
  } catch (thrown) {
    if (!(thrown instanceof SetupError)) throw thrown;
    reportLine(thrown.message);
    process.exit(1);
  }
}
